import { performance } from 'node:perf_hooks';
import type { ServiceFacts } from '@parley/cli';
import { eventually, type ServiceKind } from './local-system.js';
import type { DrillStage } from './stage.js';
import { type Disturbance, type DisturbanceResult, here, lacksDatabase, lacksProcesses, laterMs } from './trouble.js';

async function kill(stage: DrillStage, victim: ServiceFacts): Promise<DisturbanceResult> {
  const since = performance.now();
  process.kill(victim.pid, 'SIGKILL');
  await here(stage).replaced(victim);
  return { since };
}

export const killChatServer: Disturbance = {
  name: 'kill -9 of a chat server',
  owner: 'chat server',
  backWithinMs: laterMs,
  lacks: lacksProcesses,
  make: kill,
};

function killService(kind: ServiceKind, name: string): Disturbance {
  return {
    name,
    backWithinMs: laterMs,
    lacks: lacksProcesses,
    make: async (stage) => {
      const all = await here(stage).processes(kind);
      return kill(stage, all[stage.round % all.length] as ServiceFacts);
    },
  };
}

export const killManager = killService('channel-service', 'kill -9 of a manager');

export const killDatabase: Disturbance = {
  name: 'kill -9 of PostgreSQL',
  backWithinMs: laterMs,
  lacks: lacksDatabase,
  make: async (stage) => {
    const system = here(stage);
    const pid = (await system.databasePid()) as number;
    const since = performance.now();
    process.kill(pid, 'SIGKILL');
    await eventually('there is another PostgreSQL', async () => {
      const next = await system.databasePid();
      return next !== undefined && next !== pid;
    });
    await system.databaseAnswers();
    return { since };
  },
};
