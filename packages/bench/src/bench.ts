import { benchAppend } from './append.js';
import { benchServers } from './chat-servers.js';
import { benchDead } from './dead.js';
import { benchEdge } from './edge.js';
import { benchEdges, type EdgeReaders } from './edges.js';
import { benchIdle } from './idle.js';
import { benchIdleInboxes, type IdleInboxes } from './idle-inboxes.js';
import { benchInbox } from './inbox.js';
import { benchReceipts } from './receipts.js';
import { benchReplay } from './replay.js';
import { benchRest } from './rest.js';
import { benchResumes, type ResumingPeople } from './resumes.js';
import { benchSearch } from './search.js';
import { type Shape, shapes } from './shapes.js';
import { benchSse } from './sse.js';
import { runShape, type SuitePlan, type SuiteResult } from './suite.js';

/** Plan of a run: how to run each shape, and the size of the search index. */
type BenchPlan = SuitePlan & IdleInboxes & EdgeReaders & ResumingPeople & { readonly rows: number };

function benchShape(name: string, plan: BenchPlan): Promise<SuiteResult> {
  if (name === 'idle') return benchIdle(plan);
  if (name === 'edges') return benchEdges(plan);
  if (name === 'resumes') return benchResumes(plan);
  if (name === 'inboxes') return benchIdleInboxes(plan);
  if (name === 'sse') return benchSse(plan);
  if (name === 'rest') return benchRest(plan);
  if (name === 'dead') return benchDead(plan);
  if (name === 'replay') return benchReplay(plan);
  if (name === 'receipts') return benchReceipts(plan);
  if (name === 'inbox') return benchInbox(plan);
  if (name === 'append') return benchAppend(plan);
  if (name === 'search') return benchSearch(plan);
  if (name.startsWith('edge-')) return benchEdge(name, plan);
  if (name === 'servers') return benchServers(plan);
  return runShape(name, shapes[name] as Shape, plan);
}

/** Runs the shapes one after the other, each on all targets. */
export async function runBench(names: readonly string[], plan: BenchPlan): Promise<SuiteResult[]> {
  const results: SuiteResult[] = [];
  for (const name of names) results.push(await benchShape(name, plan));
  return results.filter(({ rounds }) => rounds.size > 0);
}
