import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Crowd, Den } from './crowd.js';

/** Which value so many of these are not above, e.g. 0.95. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function acksAfter({ talkers }: Den, since: number): number[] {
  const times = talkers.flatMap(({ ackedAt }) => ackedAt.slice(firstAfter(ackedAt, since)));
  return times.sort((one, other) => one - other);
}

/** Acks come in the order of time, so the tail is looked for from the end. */
function firstAfter(times: readonly number[], since: number): number {
  let at = times.length;
  while (at > 0 && (times[at - 1] ?? 0) >= since) at -= 1;
  return at;
}

/**
 * The longest time without any ack in each channel since then, the one that lasts still counted. What was already on
 * its way is acked right after a kill, so the next ack alone would say too little.
 */
export function silences({ dens }: Crowd, since: number): number[] {
  const now = performance.now();
  return dens.map((den) => {
    const times = [since, ...acksAfter(den, since), now];
    return Math.round(Math.max(...times.map((time, at) => time - (times[at - 1] ?? time))));
  });
}

/** Waits until each channel has had an ack since then. False: not in that time. */
export async function allAcked(crowd: Crowd, since: number, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (!crowd.dens.every((den) => acksAfter(den, since).length > 0)) {
    if (performance.now() > end) return false;
    await pause(20);
  }
  return true;
}
