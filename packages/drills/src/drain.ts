import { performance } from 'node:perf_hooks';
import { eventually } from './local-system.js';
import { type Disturbance, here, lacksProcesses, soonMs } from './trouble.js';

const goneWithinMs = 10_000;
const nobodyWithoutMs = 5_000;

async function isGone(pid: number): Promise<boolean> {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}

/** SIGTERM, as a deploy would. Says how far apart people came to their new places. */
export const drained: Disturbance = {
  name: 'a chat server is drained',
  owner: 'chat server',
  backWithinMs: soonMs,
  lacks: lacksProcesses,
  make: async (stage, owner) => {
    const since = performance.now();
    process.kill(owner.pid, 'SIGTERM');
    await eventually(`${owner.name} is gone`, () => isGone(owner.pid));
    const tookMs = Math.round(performance.now() - since);
    await here(stage).replaced(owner);
    const { talkers } = stage.crowd;
    const welcomes = talkers.flatMap(({ welcomedAt }) => welcomedAt.filter((at) => at >= since));
    const spreadMs = welcomes.length === 0 ? 0 : Math.round(Math.max(...welcomes) - Math.min(...welcomes));
    const longest = Math.max(...talkers.map((one) => one.silenceSince(since)));
    const complaints = [];
    if (tookMs > goneWithinMs) complaints.push(`it took ${tookMs} ms to go`);
    if (longest > nobodyWithoutMs) complaints.push(`somebody was not served for ${longest} ms`);
    return { since, complaints, notes: [`gone after ${tookMs} ms; ${welcomes.length} came again over ${spreadMs} ms`] };
  },
};
