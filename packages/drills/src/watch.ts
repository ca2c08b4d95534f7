import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { type Disturbance, lacksNothing } from './disturbance.js';

/**
 * Measures while a person disturbs the system by hand. The time without service counts from the
 * start of the drill.
 */
export const watched: Disturbance = {
  name: 'disturbance by hand',
  backWithinMs: Number.POSITIVE_INFINITY,
  lacks: lacksNothing,
  make: async ({ seconds }) => {
    const since = performance.now();
    await pause(seconds * 1_000);
    return { since };
  },
};
