import { performance } from 'node:perf_hooks';
import type { ServiceFacts } from '@parley/cli';
import { type Disturbance, lacksProcesses, localSystemOf, soonMs } from './disturbance.js';
import type { DrillContext } from './drill-context.js';
import { eventually } from './eventually.js';

const goneWithinMs = 10_000;
const longestSilenceMs = 5_000;

async function isGone(pid: number): Promise<boolean> {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}

/** Shuts a process down cleanly. Resolves with the duration in ms once it has exited and was restarted. */
export async function drainProcess(context: DrillContext, { name, pid, ...facts }: ServiceFacts): Promise<number> {
  const since = performance.now();
  process.kill(pid, 'SIGTERM');
  await eventually(`${name} has exited`, () => isGone(pid));
  const tookMs = Math.round(performance.now() - since);
  await localSystemOf(context).replaced({ name, pid, ...facts });
  return tookMs;
}

/** Sends SIGTERM, as a deployment does. Reports the time over which users reconnected. */
export const drained: Disturbance = {
  name: 'drained chat server',
  owner: 'chat server',
  backWithinMs: soonMs,
  lacks: lacksProcesses,
  make: async (context, owner) => {
    const since = performance.now();
    const tookMs = await drainProcess(context, owner);
    const { talkers } = context.load;
    const welcomes = talkers.flatMap(({ welcomedAt }) => welcomedAt.filter((at) => at >= since));
    const spreadMs = welcomes.length === 0 ? 0 : Math.round(Math.max(...welcomes) - Math.min(...welcomes));
    const longest = Math.max(...talkers.map((one) => one.silenceSince(since)));
    const complaints = [];
    if (tookMs > goneWithinMs) complaints.push(`it took ${tookMs} ms to exit`);
    if (longest > longestSilenceMs) complaints.push(`at least one user was not served for ${longest} ms`);
    return {
      since,
      complaints,
      notes: [`exited after ${tookMs} ms; ${welcomes.length} users reconnected over ${spreadMs} ms`],
    };
  },
};
