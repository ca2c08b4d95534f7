import { benchAppend } from './append.js';
import { benchServers } from './chat-servers.js';
import { benchDead } from './dead.js';
import { benchIdle } from './idle.js';
import { benchReplay } from './replay.js';
import { type Shape, shapes } from './shapes.js';
import { runShape, type SuitePlan, type SuiteResult } from './suite.js';

function benchShape(name: string, plan: SuitePlan): Promise<SuiteResult> {
  if (name === 'idle') return benchIdle(plan);
  if (name === 'dead') return benchDead(plan);
  if (name === 'replay') return benchReplay(plan);
  if (name === 'append') return benchAppend(plan);
  if (name === 'servers') return benchServers(plan);
  return runShape(name, shapes[name] as Shape, plan);
}

/** Runs the shapes one after the other, each on all targets. */
export async function runBench(names: readonly string[], plan: SuitePlan): Promise<SuiteResult[]> {
  const results: SuiteResult[] = [];
  for (const name of names) results.push(await benchShape(name, plan));
  return results.filter(({ rounds }) => rounds.size > 0);
}
