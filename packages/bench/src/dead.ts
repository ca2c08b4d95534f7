import { Child } from './child.js';
import type { Climbed, Plan, Round } from './ladder.js';
import type { Outcome } from './load/job.js';
import { type RunningRung, startRung } from './rungs.js';

const crowd = { channels: 4, users: 25 };
const perSecond = 250;

async function hear(ours: RunningRung, dead: boolean, seconds: number, generator: Child): Promise<Round> {
  const { wire, pids } = ours;
  const seats = await ours.seat(crowd);
  const job = { wire, serverPids: pids, seats, perSecond, dead, seconds };
  const { outcome } = await generator.ask<{ outcome: Outcome }>(job);
  const { p99Ms, generatorShare, faults } = outcome;
  return { value: p99Ms, p99Ms, framesPerWrite: Number.NaN, generatorShare, faults };
}

/** What one reader of 25 that never reads does to the others: the same server with and without one in each channel, in turn. */
export async function climbDead(plan: Plan): Promise<Climbed> {
  const generator = new Child('load/main.js');
  const ours = await startRung('ours');
  const rounds = new Map<string, Round[]>([
    ['all read', []],
    ['ours', []],
  ]);
  try {
    for (let pair = 0; pair <= plan.pairs; pair++) {
      for (const [name, own] of rounds) {
        const round = await hear(ours, name === 'ours', plan.seconds, generator);
        if (pair > 0) own.push(round); // the first one warms up
        plan.say(`dead ${pair}/${plan.pairs} ${name}: p99 ${round.value.toFixed(2)} ms ${round.faults.join('; ')}`);
      }
    }
  } finally {
    await Promise.all([generator.stop(), ours.stop()]);
  }
  const says = `4 x 25, ${perSecond} msg/s each; in ours one of the 25 never reads`;
  return { shape: 'dead', says, figure: 'p99 ms to hear, of the others', less: true, rounds };
}
