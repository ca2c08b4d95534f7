import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { adminPort, type ServicePlan } from './plan.js';

function probe(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function answers(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: 500 });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true));
    for (const event of ['error', 'timeout'] as const) socket.once(event, () => end(false));
  });
}

/** Somebody's passing connection may have been given this very port: where nobody listens, it is soon free. */
async function probeForWhile(port: number, host: string): Promise<string | undefined> {
  for (let tries = 1; ; tries++) {
    const fault = await probe(port, host);
    if (fault !== 'EADDRINUSE' || tries === 20 || (await answers(port, host))) return fault;
    await pause(250);
  }
}

function sentence(fault: string, port: number, { name, option }: ServicePlan): string {
  if (fault === 'EADDRINUSE') {
    return `Port ${port} for ${name} is taken: end what uses it, or choose another ${option}.`;
  }
  if (fault === 'EACCES') return `Port ${port} for ${name} is reserved to root: choose another ${option}.`;
  return `Port ${port} for ${name} cannot be used (${fault}): check PARLEY_HOST and ${option}.`;
}

async function faultOf(plan: ServicePlan, host: string): Promise<string | undefined> {
  for (const port of [plan.port, adminPort(plan)]) {
    const fault = await probeForWhile(port, host);
    if (fault !== undefined) return sentence(fault, port, plan);
  }
  return undefined;
}

/** Throws one sentence that names the first port that is not free. */
export async function checkFree(plans: readonly ServicePlan[], host: string): Promise<void> {
  const faults = await Promise.all(plans.map((plan) => faultOf(plan, host)));
  const fault = faults.find((one) => one !== undefined);
  if (fault !== undefined) throw new Error(fault);
}
