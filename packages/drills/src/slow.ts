import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { FaultProxy, LinkFaults } from '@parley/testkit';
import { type Disturbance, type DisturbanceResult, lacksNothing, lacksProcesses, soonMs } from './disturbance.js';
import type { DrillContext } from './drill-context.js';

const slowMs = 6_000;
const farAway: Partial<LinkFaults> = { delayMs: 150, bytesPerSecond: 262_144, sliceBytes: 1_000 };
const farDatabase: Partial<LinkFaults> = { delayMs: 50, sliceBytes: 1_000 };

async function slow(proxies: readonly FaultProxy[], faults: Partial<LinkFaults>): Promise<DisturbanceResult> {
  const since = performance.now();
  for (const one of proxies) one.set(faults);
  await pause(slowMs);
  for (const one of proxies) one.heal();
  return { since };
}

/** Slows every client down. */
export const slowClients: Disturbance = {
  name: 'slow network of every client: 150 ms, 256 KiB/s, in slices',
  backWithinMs: soonMs,
  lacks: lacksNothing,
  make: async ({ links }) => slow(await links.all(), farAway),
};

/** Resets the connection of every client. */
export const resetConnections: Disturbance = {
  name: 'connection reset of every client',
  backWithinMs: soonMs,
  lacks: lacksNothing,
  make: async ({ links }: DrillContext) => {
    const since = performance.now();
    for (const one of await links.all()) one.reset();
    return { since };
  },
};

/** Slows the database of one chat server down. */
export const slowDatabase: Disturbance = {
  name: 'slow network to the database: 50 ms, in slices',
  owner: 'extra server',
  backWithinMs: soonMs,
  lacks: lacksProcesses,
  make: async (context) => slow([(await context.extraServer()).database], farDatabase),
};
