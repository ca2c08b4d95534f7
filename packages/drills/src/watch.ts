import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { type Disturbance, lacksNothing } from './trouble.js';

/** Only the counting client: somebody else makes the trouble. How long people were not served counts from the beginning. */
export const watched: Disturbance = {
  name: 'what was done by hand',
  backWithinMs: Number.POSITIVE_INFINITY,
  lacks: lacksNothing,
  make: async ({ seconds }) => {
    const since = performance.now();
    await pause(seconds * 1_000);
    return { since };
  },
};
