import { Child } from './child.js';
import type { Climbed, Plan } from './ladder.js';
import type { Outcome } from './load/job.js';
import { inWords, type Round, roundOf, takeTurns } from './rounds.js';
import { type Rung, startRung } from './rungs.js';

const crowd = { channels: 200, users: 25 };
const warmUp = { channels: 4, users: 25 };
const mostRounds = 3;

/** What a server's memory grows by for each stream that says nothing; a fresh server per round. */
async function rest(rung: Rung, generator: Child): Promise<Round> {
  const server = await startRung(rung);
  const { wire, pids } = server;
  const sit = async (who: typeof crowd) => {
    const seats = await server.seat(who);
    return generator.ask<{ outcome: Outcome }>({ wire, serverPids: pids, seats, seconds: 0 });
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
export async function climbIdle(plan: Plan): Promise<Climbed> {
  const generator = new Child('load/main.js');
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
