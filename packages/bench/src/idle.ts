import { BenchProcess } from './child.js';
import type { SuitePlan, SuiteResult } from './ladder.js';
import type { JobOutcome } from './load/job.js';
import { type BenchRound, inWords, roundOf, takeTurns } from './rounds.js';
import { type BenchTarget, startRung } from './rungs.js';

const crowd = { channels: 200, users: 25 };
const warmUp = { channels: 4, users: 25 };
const mostRounds = 3;

/** What a server's memory grows by for each stream that says nothing; a fresh server per round. */
async function rest(rung: BenchTarget, generator: BenchProcess): Promise<BenchRound> {
  const server = await startRung(rung);
  const { wire, pids } = server;
  const sit = async (who: typeof crowd) => {
    const seats = await server.seat(who);
    return generator.ask<{ outcome: JobOutcome }>({ wire, serverPids: pids, seats, seconds: 0 });
  };
  try {
    await sit(warmUp);
    const { outcome } = await sit(crowd);
    const { kbPerStream, faults } = outcome;
    return roundOf(kbPerStream, faults);
  } finally {
    await server.stop();
  }
}

/** 5,000 streams, a connection each, that only are there. */
export async function climbIdle(plan: SuitePlan): Promise<SuiteResult> {
  const generator = new BenchProcess('load/main.js');
  const players = new Map(plan.rungs.map((rung) => [rung, () => rest(rung, generator)]));
  const pairs = Math.min(plan.pairs, mostRounds);
  try {
    const turns = { name: 'idle', pairs, warmUps: 0, say: plan.say, wordsFor: inWords('kB per stream', 1) };
    const rounds = await takeTurns(players, turns);
    const says = `${crowd.channels * crowd.users} streams, a connection each`;
    return { shape: 'idle', says, figure: 'resident kB per stream', less: true, rounds };
  } finally {
    await generator.stop();
  }
}
