import { performance } from 'node:perf_hooks';
import { type Disturbance, lacksProcesses, localSystemOf, soonMs } from './disturbance.js';
import { eventually } from './local-system.js';

const goneWithinMs = 10_000;
const longestSilenceMs = 5_000;

async function isGone(pid: number): Promise<boolean> {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}

/** Sends SIGTERM, as a deployment does. Reports the time over which users reconnected. */
export const drained: Disturbance = {
  name: 'drained chat server',
  owner: 'chat server',
  backWithinMs: soonMs,
  lacks: lacksProcesses,
  make: async (context, owner) => {
    const since = performance.now();
    process.kill(owner.pid, 'SIGTERM');
    await eventually(`${owner.name} has exited`, () => isGone(owner.pid));
    const tookMs = Math.round(performance.now() - since);
    await localSystemOf(context).replaced(owner);
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
