import { BenchProcess } from './child.js';
import type { JobOutcome } from './load/job.js';
import { type BenchRound, formatRound, playInTurn, roundOf } from './rounds.js';
import type { SuitePlan, SuiteResult } from './suite.js';
import { type BenchTarget, startTarget } from './targets.js';

const audience = { channels: 200, users: 25 };
const warmUp = { channels: 4, users: 25 };
const maxRounds = 3;

/** Measures the growth of a server's memory per idle stream, with a new server for each round. */
async function measureIdle(target: BenchTarget, generator: BenchProcess): Promise<BenchRound> {
  const server = await startTarget(target);
  const { wire, pids } = server;
  const openIdle = async (who: typeof audience) => {
    const seats = await server.seat(who);
    return generator.ask<{ outcome: JobOutcome }>({ wire, serverPids: pids, seats, seconds: 0 });
  };
  try {
    await openIdle(warmUp);
    const { outcome } = await openIdle(audience);
    const { kbPerStream, faults } = outcome;
    return roundOf(kbPerStream, faults);
  } finally {
    await server.stop();
  }
}

/** Measures the memory of 5,000 idle streams with a connection each. */
export async function benchIdle(plan: SuitePlan): Promise<SuiteResult> {
  const generator = new BenchProcess('load/main.js');
  const players = new Map(plan.targets.map((target) => [target, () => measureIdle(target, generator)]));
  const pairs = Math.min(plan.pairs, maxRounds);
  try {
    const turns = { name: 'idle', pairs, warmUps: 0, log: plan.log, describe: formatRound('kB per stream', 1) };
    const rounds = await playInTurn(players, turns);
    const description = `${audience.channels * audience.users} streams, a connection each`;
    return { shape: 'idle', description, figure: 'resident kB per stream', lowerIsBetter: true, rounds };
  } finally {
    await generator.stop();
  }
}
