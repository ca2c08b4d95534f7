import { FlushQueue } from '@parley/fanout';
import { ChangeTeller } from './change-teller.js';
import { Feeds } from './feeds.js';
import type { RoundFacts } from './round.js';

test.each([
  ['is read from the table', false],
  ['is not read if a relay shows it', true],
])('after a change of its members, a channel %s, because a manager may have written the entry', (_, isFollowed) => {
  const feeds = new Feeds(new FlushQueue(setImmediate, () => {}), () => {});
  const end = { channelId: 7, log: 'l', lastSeq: 3, lastAtMs: 0, ownerId: null, members: 2 };
  const feed = feeds.open(end, 0);
  feed.isFollowed = isFollowed;
  const facts = { stays: new Map(), ends: new Map(), channels: new Map() } as unknown as RoundFacts;
  const change = { kind: 'member_removed', channelId: 7, userIds: ['bob'], ended: {}, txid: 1, id: 1, isSettled: true };
  new ChangeTeller(feeds, facts).tell(change, () => []);
  expect(feeds.isBehind(feed)).toBe(!isFollowed);
});
