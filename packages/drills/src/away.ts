import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { familyOf, freeze, thaw } from './freeze.js';
import type { DrillStage } from './stage.js';
import { type Disturbance, type DisturbanceResult, here, lacksDatabase, laterMs } from './trouble.js';

async function awayFor({ seconds, ...stage }: Pick<DrillStage, 'seconds' | 'system'>): Promise<DisturbanceResult> {
  await pause(seconds * 1_000);
  thaw();
  await stage.system.local?.databaseAnswers();
  return { since: performance.now() };
}

export const hungDatabase: Disturbance = {
  name: 'the database hangs',
  backWithinMs: laterMs,
  lacks: lacksDatabase,
  make: async (stage) => {
    freeze(await familyOf((await here(stage).databasePid()) as number));
    return awayFor(stage);
  },
};

/** Its supervisor sleeps meanwhile, or it would start another one at once. */
export const endedDatabase: Disturbance = {
  name: 'the database is ended',
  backWithinMs: laterMs,
  lacks: lacksDatabase,
  make: async (stage) => {
    const system = here(stage);
    const pid = (await system.databasePid()) as number;
    freeze([await system.supervisorPid()]);
    process.kill(pid, 'SIGINT');
    return awayFor(stage);
  },
};
