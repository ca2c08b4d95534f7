import { BenchProcess } from './child.js';
import { playInTurn } from './rounds.js';
import type { Shape } from './shapes.js';
import { describeDeliveries, play, type SuitePlan, type SuiteResult } from './suite.js';
import { startOurs } from './targets.js';

const quiet: Shape = {
  description: '1 x 1000, stored, 20 msg/s, a receipt of every user each second',
  channels: 1,
  users: 1_000,
  perSecond: 20,
  isStored: true,
  figure: 'deliveries per CPU-second',
};
const base = 'without receipts';

/** Compares the cost of deliveries in a large chat with and without receipts of its members. */
export async function benchReceipts(plan: SuitePlan): Promise<SuiteResult> {
  const target = await startOurs(1);
  const generator = new BenchProcess('load/main.js');
  const round = (shape: Shape) => () => play(target, shape, plan.seconds, generator);
  const players = new Map([
    [base, round(quiet)],
    ['with receipts', round({ ...quiet, receipts: true })],
  ]);
  try {
    const rounds = await playInTurn(players, { name: 'receipts', ...plan, describe: describeDeliveries });
    const { description, figure } = quiet;
    return { shape: 'receipts', description, figure, lowerIsBetter: false, rounds, base };
  } finally {
    await Promise.all([generator.stop(), target.stop()]);
  }
}
