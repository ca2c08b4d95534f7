import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { FaultProxy, LinkFaults } from '@parley/testkit';
import type { DrillStage } from './stage.js';
import { type Disturbance, type DisturbanceResult, lacksNothing, lacksProcesses, soonMs } from './trouble.js';

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

export const slowPeople: Disturbance = {
  name: 'slow network of everybody: 150 ms, 256 KiB/s, in slices',
  backWithinMs: soonMs,
  lacks: lacksNothing,
  make: async ({ links }) => slow(await links.all(), farAway),
};

export const tornPeople: Disturbance = {
  name: "everybody's connections are reset",
  backWithinMs: soonMs,
  lacks: lacksNothing,
  make: async ({ links }: DrillStage) => {
    const since = performance.now();
    for (const one of await links.all()) one.reset();
    return { since };
  },
};

export const slowDatabase: Disturbance = {
  name: 'slow network to the database: 50 ms, in slices',
  owner: 'guest',
  backWithinMs: soonMs,
  lacks: lacksProcesses,
  make: async (stage) => slow([(await stage.guest()).database], farDatabase),
};
