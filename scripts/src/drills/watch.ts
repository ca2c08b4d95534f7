import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { lacksNothing, type Trouble } from './trouble.js';

/** Only the counting client: somebody else makes the trouble. How long people were not served counts from the beginning. */
export const watched: Trouble = {
  name: 'what was done by hand',
  backWithinMs: Number.POSITIVE_INFINITY,
  lacks: lacksNothing,
  make: async ({ seconds }) => {
    const since = performance.now();
    await pause(seconds * 1_000);
    return { since };
  },
};
