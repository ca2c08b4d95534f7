import type { Shape } from './shapes.js';
import { runInTurn, type SuitePlan, type SuiteResult } from './suite.js';
import { startOurs } from './targets.js';

const shape: Shape = {
  description: '8 x 25, window 32, on several chat servers',
  channels: 8,
  users: 25,
  window: 32,
  warmUps: 4, // More than one, because each of four servers gets only a quarter of the warm-up.
  figure: 'deliveries per CPU-second',
};
const base = '1 server';

/** Compares the cost of the same work on several chat servers. Each system has its own database. */
export async function benchServers(plan: SuitePlan): Promise<SuiteResult> {
  const starts = new Map([
    [base, () => startOurs(1)],
    ['2 servers', () => startOurs(2)],
    ['4 servers', () => startOurs(4)],
  ]);
  return { ...(await runInTurn('servers', shape, starts, plan)), base };
}
