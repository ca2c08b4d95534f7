import { climbInTurn, type SuitePlan, type SuiteResult } from './ladder.js';
import { startOurs } from './rungs.js';
import type { Shape } from './shapes.js';

const shape: Shape = {
  says: '8 x 25, window 32, on so many chat servers',
  channels: 8,
  users: 25,
  window: 32,
  warmUps: 4, // each of four has a quarter of the work to get warm with
  figure: 'deliveries per CPU-second',
};
const base = '1 server';

/** What the same work costs where several chat servers share it, each system with a database of its own. */
export async function climbServers(plan: SuitePlan): Promise<SuiteResult> {
  const starts = new Map([
    [base, () => startOurs(1)],
    ['2 servers', () => startOurs(2)],
    ['4 servers', () => startOurs(4)],
  ]);
  return { ...(await climbInTurn('servers', shape, starts, plan)), base };
}
