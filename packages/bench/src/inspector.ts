import { once } from 'node:events';
import type { ServiceProcess } from '@parley/testkit';
import { WebSocket } from 'ws';

/** Environment with which a service starts an inspector, which can collect garbage. */
export const inspectedEnv = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

const expression = 'process.memoryUsage().heapUsed + process.memoryUsage().external';

/** Collects the garbage of a service with an inspector. Returns the bytes of its live memory. */
export async function liveBytes({ output }: ServiceProcess): Promise<number> {
  const inspector = new WebSocket(/ws:\S+/.exec(output)?.[0] ?? '');
  await once(inspector, 'open');
  const ask = async (method: string, params: object = {}) => {
    inspector.send(JSON.stringify({ id: 1, method, params }));
    const [answer] = await once(inspector, 'message');
    return JSON.parse(String(answer)) as { result?: { result?: { value?: number } } };
  };
  try {
    await ask('HeapProfiler.collectGarbage');
    const { result } = await ask('Runtime.evaluate', { expression });
    return Number(result?.result?.value);
  } finally {
    inspector.terminate();
  }
}
