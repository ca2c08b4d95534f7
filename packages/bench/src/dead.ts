import { BenchProcess } from './child.js';
import type { SuitePlan, SuiteResult } from './ladder.js';
import type { JobOutcome } from './load/job.js';
import { type BenchRound, inWords, roundOf, takeTurns } from './rounds.js';
import { type RunningTarget, startRung } from './rungs.js';

const crowd = { channels: 4, users: 25 };
const perSecond = 250;

async function hear(ours: RunningTarget, dead: boolean, seconds: number, generator: BenchProcess): Promise<BenchRound> {
  const { wire, pids } = ours;
  const seats = await ours.seat(crowd);
  const job = { wire, serverPids: pids, seats, perSecond, dead, seconds };
  const { outcome } = await generator.ask<{ outcome: JobOutcome }>(job);
  const { p99Ms, generatorShare, faults } = outcome;
  return { ...roundOf(p99Ms, faults), p99Ms, generatorShare };
}

/** What one reader of 25 that never reads does to the others: the same server with and without one in each channel, in turn. */
export async function climbDead(plan: SuitePlan): Promise<SuiteResult> {
  const generator = new BenchProcess('load/main.js');
  const ours = await startRung('ours');
  const players = new Map([
    ['all read', () => hear(ours, false, plan.seconds, generator)],
    ['ours', () => hear(ours, true, plan.seconds, generator)],
  ]);
  try {
    const rounds = await takeTurns(players, { name: 'dead', ...plan, wordsFor: inWords('ms p99', 2) });
    const says = `4 x 25, ${perSecond} msg/s each; in ours one of the 25 never reads`;
    return { shape: 'dead', says, figure: 'p99 ms to hear, of the others', less: true, rounds };
  } finally {
    await Promise.all([generator.stop(), ours.stop()]);
  }
}
