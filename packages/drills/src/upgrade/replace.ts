import { performance } from 'node:perf_hooks';
import { type Disturbance, lacksNothing, soonMs } from '../disturbance.js';
import type { RollingParley } from './rolling-parley.js';
import { UpgradeLoad } from './upgrade-load.js';

const servedWithinMs = 30_000;

/** Replaces one process by that of another release. Only inboxes of that process may be disconnected. */
export function replacedProcess(parley: RollingParley, name: string, release: string, word: string): Disturbance {
  return {
    name: `${word} ${name}`,
    backWithinMs: soonMs,
    lacks: lacksNothing,
    make: async ({ load }) => {
      const since = performance.now();
      const endExcuse = load instanceof UpgradeLoad ? load.excuse(name) : () => {};
      await parley.replace(name, release);
      await load.allAcked(performance.now(), servedWithinMs);
      endExcuse();
      return { since };
    },
  };
}
