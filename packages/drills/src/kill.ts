import { performance } from 'node:perf_hooks';
import type { ServiceFacts } from '@parley/cli';
import {
  type Disturbance,
  type DisturbanceResult,
  lacksDatabase,
  lacksProcesses,
  laterMs,
  localSystemOf,
} from './disturbance.js';
import type { DrillContext } from './drill-context.js';
import { eventually } from './eventually.js';
import type { ServiceKind } from './local-system.js';

/** Kills a process with kill -9, and waits until it has been restarted. */
export async function killProcess(context: DrillContext, victim: ServiceFacts): Promise<DisturbanceResult> {
  const since = performance.now();
  process.kill(victim.pid, 'SIGKILL');
  await localSystemOf(context).replaced(victim);
  return { since };
}

export const killChatServer: Disturbance = {
  name: 'kill -9 of a chat server',
  owner: 'chat server',
  backWithinMs: laterMs,
  lacks: lacksProcesses,
  make: killProcess,
};

function killService(kind: ServiceKind, name: string): Disturbance {
  return {
    name,
    backWithinMs: laterMs,
    lacks: lacksProcesses,
    make: async (context) => {
      const all = await localSystemOf(context).processes(kind);
      return killProcess(context, all[context.round % all.length] as ServiceFacts);
    },
  };
}

export const killManager = killService('channel-service', 'kill -9 of a manager');

/** Ends PostgreSQL with a signal and waits until it is back. */
function endDatabase(signal: NodeJS.Signals, name: string): Disturbance {
  return {
    name,
    backWithinMs: laterMs,
    lacks: lacksDatabase,
    make: async (context) => {
      const system = localSystemOf(context);
      const pid = (await system.databasePid()) as number;
      const since = performance.now();
      process.kill(pid, signal);
      await eventually('a new PostgreSQL runs', async () => {
        const next = await system.databasePid();
        return next !== undefined && next !== pid;
      });
      await system.databaseAnswers();
      return { since };
    },
  };
}

export const killDatabase = endDatabase('SIGKILL', 'kill -9 of PostgreSQL');
export const restartDatabase = endDatabase('SIGINT', 'restart of PostgreSQL');
