import { setTimeout as pause } from 'node:timers/promises';
import { type ServiceProcess, Trio } from '@parley/testkit';
import { BenchProcess } from './child.js';
import { residentKb } from './figures.js';
import { chatsOfUser, makeInboxPeople } from './inbox-people.js';
import { inspectedEnv, liveBytes } from './inspector.js';
import type { InboxDoor } from './load/inbox-lines.js';
import type { InboxOrder, InboxTally } from './load/inbox-main.js';
import { type BenchRound, formatRound, playInTurn, roundOf } from './rounds.js';
import type { SuitePlan, SuiteResult } from './suite.js';

/**
 * Numbers of inboxes: those that warm the gateway up, those that open at the same time, and those
 * that one request opens.
 */
const sizes = { warmUp: 200, atOnce: 50, portion: 1_000 };
/** Time without shrinking after which the memory counts as settled. */
const settledAfterMs = 15_000;
const settleWithinMs = 90_000;
const maxRounds = 2;

/** Collects garbage, and waits until the memory has settled. Returns the least KiB. */
async function settledKb(gateway: ServiceProcess, stillMs: number): Promise<number> {
  const { pid } = gateway;
  await liveBytes(gateway);
  const untilMs = performance.now() + settleWithinMs;
  let [least, leastAtMs] = [residentKb(pid), performance.now()];
  while (performance.now() < untilMs && performance.now() - leastAtMs < stillMs) {
    const now = residentKb(pid);
    if (now < least) [least, leastAtMs] = [now, performance.now()];
    await pause(250);
  }
  return least;
}

/** Measures the growth of the memory of a new gateway per idle inbox. */
async function measureInboxes(door: InboxDoor, count: number, stillMs: number): Promise<BenchRound> {
  const trio = await Trio.start({ env: { PARLEY_LOG_LEVEL: 'error' } });
  const crowd = new BenchProcess('load/inbox-main.js');
  const ask = async (order: Partial<InboxOrder>) => (await crowd.ask<{ tally: InboxTally }>(order)).tally;
  try {
    const { tokens } = await makeInboxPeople(trio, count);
    const gateway = await trio.startGateway(inspectedEnv);
    const address = door === 'ws' ? new URL(gateway.http).host : gateway.grpc;
    const { atOnce, warmUp, portion } = sizes;
    await ask({ door, address, tokens: tokens.slice(0, warmUp), from: 0, atOnce });
    await ask({ close: true });
    const before = await settledKb(gateway, stillMs);
    let open = 0;
    const faults: string[] = [];
    for (let from = 0; from < count; from += portion) {
      const some = await ask({ door, address, tokens: tokens.slice(from, from + portion), from, atOnce });
      open = some.open;
      faults.push(...some.faults);
    }
    const after = await settledKb(gateway, stillMs);
    const ended = await ask({ close: true });
    const few = open < count ? [`only ${open} of ${count} inboxes opened`] : [];
    return roundOf((after - before) / open, [...faults, ...few, ...ended.faults]);
  } finally {
    await crowd.stop();
    await trio.stop();
  }
}

/**
 * Number of idle inboxes, and the time without shrinking after which the memory counts as settled.
 */
export interface IdleInboxes {
  readonly inboxes: number;
  readonly stillMs?: number;
}

/** Measures the memory of idle inboxes of one gateway, with a connection each. */
export async function benchIdleInboxes({
  pairs,
  inboxes,
  stillMs = settledAfterMs,
  log,
}: Pick<SuitePlan, 'pairs' | 'log'> & IdleInboxes): Promise<SuiteResult> {
  const doors: readonly InboxDoor[] = ['ws', 'grpc'];
  const players = new Map(doors.map((door) => [door, () => measureInboxes(door, inboxes, stillMs)]));
  const turns = { name: 'inboxes', pairs: Math.min(pairs, maxRounds), warmUps: 0, log };
  const rounds = await playInTurn(players, { ...turns, describe: formatRound('kB per inbox', 1) });
  const { least, most } = chatsOfUser;
  const description = `${inboxes} idle inboxes of users with ${least} to ${most} chats, in one gateway, a connection each`;
  return { shape: 'inboxes', description, figure: 'resident kB per inbox', lowerIsBetter: true, rounds, base: 'ws' };
}
