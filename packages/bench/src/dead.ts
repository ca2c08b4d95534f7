import { BenchProcess } from './child.js';
import type { JobOutcome } from './load/job.js';
import { type BenchRound, formatRound, playInTurn, roundOf } from './rounds.js';
import type { SuitePlan, SuiteResult } from './suite.js';
import { type RunningTarget, startTarget } from './targets.js';

const audience = { channels: 4, users: 25 };
const perSecond = 250;

async function playDead(
  ours: RunningTarget,
  dead: boolean,
  seconds: number,
  generator: BenchProcess,
): Promise<BenchRound> {
  const { wire, pids } = ours;
  const seats = await ours.seat(audience);
  const job = { wire, serverPids: pids, seats, perSecond, dead, seconds };
  const { outcome } = await generator.ask<{ outcome: JobOutcome }>(job);
  const { p99Ms, generatorShare, faults } = outcome;
  return { ...roundOf(p99Ms, faults), p99Ms, generatorShare };
}

/**
 * Measures how one stalled reader among 25 affects the others. Runs the same server in turn with
 * and without such a reader in each channel.
 */
export async function benchDead(plan: SuitePlan): Promise<SuiteResult> {
  const generator = new BenchProcess('load/main.js');
  const ours = await startTarget('ours');
  const players = new Map([
    ['all read', () => playDead(ours, false, plan.seconds, generator)],
    ['ours', () => playDead(ours, true, plan.seconds, generator)],
  ]);
  try {
    const rounds = await playInTurn(players, { name: 'dead', ...plan, describe: formatRound('ms p99', 2) });
    const description = `4 x 25, ${perSecond} msg/s each; in "ours", one of the 25 never reads`;
    return { shape: 'dead', description, figure: 'p99 ms to receive, of the others', lowerIsBetter: true, rounds };
  } finally {
    await Promise.all([generator.stop(), ours.stop()]);
  }
}
