import { FlushQueue } from '@parley/fanout';
import { Feeds } from './feeds.js';
import { UnheardMembers } from './unheard-members.js';

const fail = (cause: unknown) => {
  throw cause;
};
const feeds = new Feeds(new FlushQueue(setImmediate, fail), () => {});
const open = (channelId: number, members: number) =>
  feeds.open({ channelId, log: 'log', lastSeq: 0, lastAtMs: 0, ownerId: null, members }, 0);

test('a round examines at most 20,000 memberships, and the next ones the rest', () => {
  const unheard = new UnheardMembers();
  const chats = Array.from({ length: 250 }, (_, n) => open(n + 1, 100));
  unheard.add(chats, 7);
  unheard.add(chats.slice(240), 9);
  const [first, second, third] = [unheard.take(), unheard.take(), unheard.take()];
  expect([first, second, third].map(({ channelIds }) => channelIds.length)).toEqual([200, 50, 0]);
  expect(new Set([...first.channelIds, ...second.channelIds]).size).toBe(250);
  expect([first, second, third].map(({ sinceMs }) => sinceMs)).toEqual([7, 7, Number.POSITIVE_INFINITY]);
});

test('a large chat counts only the users who follow it here, and each of them once', () => {
  const feed = open(1_000, 50_000);
  const follower = (userId: string) => ({
    ...{ userId, sinceSeq: 0 },
    ...{ wake() {}, send() {}, endAt() {}, miss() {}, restart() {} },
  });
  for (const userId of ['ann', 'bob', 'ann']) feed.addFollower(follower(userId));
  const unheard = new UnheardMembers();
  unheard.add([feed], 0);
  const { channelIds, members } = unheard.take();
  expect(channelIds).toEqual([]);
  expect(members.map(({ userId }) => userId)).toEqual(['ann', 'bob']);
});
