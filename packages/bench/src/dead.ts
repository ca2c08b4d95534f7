import { Child } from './child.js';
import type { Climbed, Plan } from './ladder.js';
import type { Outcome } from './load/job.js';
import { inWords, type Round, roundOf, takeTurns } from './rounds.js';
import { type RunningRung, startRung } from './rungs.js';

const crowd = { channels: 4, users: 25 };
const perSecond = 250;

async function hear(ours: RunningRung, dead: boolean, seconds: number, generator: Child): Promise<Round> {
  const { wire, pids } = ours;
  const seats = await ours.seat(crowd);
  const job = { wire, serverPids: pids, seats, perSecond, dead, seconds };
  const { outcome } = await generator.ask<{ outcome: Outcome }>(job);
  const { p99Ms, generatorShare, faults } = outcome;
  return { ...roundOf(p99Ms, faults), p99Ms, generatorShare };
}

/** What one reader of 25 that never reads does to the others: the same server with and without one in each channel, in turn. */
export async function climbDead(plan: Plan): Promise<Climbed> {
  const generator = new Child('load/main.js');
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
