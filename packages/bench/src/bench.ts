import { climbAppend } from './append.js';
import { climbServers } from './chat-servers.js';
import { climbDead } from './dead.js';
import { climbIdle } from './idle.js';
import { climb, type SuitePlan, type SuiteResult } from './ladder.js';
import { climbReplay } from './replay.js';
import { type Shape, shapes } from './shapes.js';

function climbShape(name: string, plan: SuitePlan): Promise<SuiteResult> {
  if (name === 'idle') return climbIdle(plan);
  if (name === 'dead') return climbDead(plan);
  if (name === 'replay') return climbReplay(plan);
  if (name === 'append') return climbAppend(plan);
  if (name === 'servers') return climbServers(plan);
  return climb(name, shapes[name] as Shape, plan);
}

/** Shape after shape, all rungs of each. */
export async function runBench(names: readonly string[], plan: SuitePlan): Promise<SuiteResult[]> {
  const climbed: SuiteResult[] = [];
  for (const name of names) climbed.push(await climbShape(name, plan));
  return climbed.filter(({ rounds }) => rounds.size > 0);
}
