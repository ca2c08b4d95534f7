import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { type Disturbance, type DisturbanceResult, lacksDatabase, laterMs, localSystemOf } from './disturbance.js';
import type { DrillContext } from './drill-context.js';
import { familyOf, freeze, thaw } from './freeze.js';

async function outage({ seconds, ...context }: Pick<DrillContext, 'seconds' | 'system'>): Promise<DisturbanceResult> {
  await pause(seconds * 1_000);
  thaw();
  await context.system.local?.databaseAnswers();
  return { since: performance.now() };
}

/** Freezes every process of PostgreSQL. */
export const hungDatabase: Disturbance = {
  name: 'hung database',
  backWithinMs: laterMs,
  lacks: lacksDatabase,
  make: async (context) => {
    freeze(await familyOf((await localSystemOf(context).databasePid()) as number));
    return outage(context);
  },
};

/**
 * Stops PostgreSQL for a while. Freezes the supervisor meanwhile, because it would restart
 * PostgreSQL at once.
 */
export const stoppedDatabase: Disturbance = {
  name: 'stopped database',
  backWithinMs: laterMs,
  lacks: lacksDatabase,
  make: async (context) => {
    const system = localSystemOf(context);
    const pid = (await system.databasePid()) as number;
    freeze([await system.supervisorPid()]);
    process.kill(pid, 'SIGINT');
    return outage(context);
  },
};
