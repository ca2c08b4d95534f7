import { Trio } from '@parley/testkit';
import { BenchProcess } from './child.js';
import { cpuSeconds } from './figures.js';
import { makeInboxPeople } from './inbox-people.js';
import type { PostDoor, PostOrder, PostTally } from './load/posts-main.js';
import { type BenchRound, formatRound, playInTurn, roundOf } from './rounds.js';
import type { SuitePlan, SuiteResult } from './suite.js';

const [callers, perSecond] = [50, 8];
const base = 'InboxService.Post';
const doors = { [base]: 'grpc', REST: 'rest' } as const;
const env = { PARLEY_SENDER_RATE: '1000000', PARLEY_CHANNEL_RATE: '1000000', PARLEY_LOG_LEVEL: 'error' };

/** A gateway, and callers that post to one chat. */
async function playPosts(trio: Trio, door: PostDoor, seconds: number): Promise<BenchRound> {
  const { tokens, channelIds } = await makeInboxPeople(trio, callers, 'one');
  const gateway = await trio.startGateway();
  const crowd = new BenchProcess('load/posts-main.js');
  const address = door === 'grpc' ? gateway.grpc : new URL(gateway.http).host;
  const post = async (during: number) => {
    const order: PostOrder = { door, address, tokens, channelIds, perSecond, seconds: during };
    return (await crowd.ask<{ tally: PostTally }>(order)).tally;
  };
  try {
    const { faults: early } = await post(seconds / 2);
    const before = cpuSeconds(gateway.pid);
    const { posts, faults } = await post(seconds);
    return roundOf(((cpuSeconds(gateway.pid) - before) * 1e6) / posts, [...early, ...faults]);
  } finally {
    await crowd.stop();
    await gateway.stop();
  }
}

/** Compares posts over REST with the same posts over gRPC. */
export async function benchRest({ pairs, seconds, warmUps, log }: SuitePlan): Promise<SuiteResult> {
  const trio = await Trio.start({ env });
  const players = new Map(
    Object.entries(doors).map(([name, door]) => [name, () => playPosts(trio, door, seconds)] as const),
  );
  try {
    const describe = formatRound('us per post', 0);
    const rounds = await playInTurn(players, { name: 'rest', pairs, warmUps, log, describe });
    const description = `${callers} callers on connections of their own, each ${perSecond} posts/s to one chat with history`;
    const figure = 'CPU of the gateway per post in microseconds';
    return { shape: 'rest', description, figure, lowerIsBetter: true, rounds, base };
  } finally {
    await trio.stop();
  }
}
