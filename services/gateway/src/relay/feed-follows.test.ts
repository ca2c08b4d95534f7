import { RelayDown, Resume } from '@parley/contract';
import { FlushQueue } from '@parley/fanout';
import { Metrics } from '@parley/runtime';
import { Feeds } from '../inbox/feeds.js';
import { FeedFollows } from './feed-follows.js';
import type { RelayLink, RelayRequestFields } from './relay-link.js';
import type { RelayLinks } from './relay-links.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Creates a feed of channel 7 in this log, up to seq 3. Its owning server records the requests. */
async function setUp(ownLog = 'l') {
  const feeds = new Feeds(new FlushQueue(setImmediate, () => {}), () => {});
  const sent: RelayRequestFields[] = [];
  const link = {
    isOpen: true,
    instanceId: 'server',
    send: (up: RelayRequestFields) => sent.push(up),
  } as unknown as RelayLink;
  const links = { watchers: new Set(), needs: new Set(), ownerOf: () => link } as unknown as RelayLinks;
  const follows = new FeedFollows(feeds, links, () => {}, new Metrics());
  const end = { channelId: 7, log: ownLog, lastSeq: 3, lastAtMs: 0, ownerId: 'server', members: 2 };
  const feed = feeds.open(end, 1_000);
  await turn();
  const down = (fields: Parameters<typeof RelayDown.fromPartial>[0]) =>
    follows.onDown(link, RelayDown.fromPartial({ channelId: 7, ...fields }));
  const begin = (log: string, firstSeq: number, resume: Resume = Resume.WHOLE, stored = true) =>
    down({ id: sent.length, following: { log, firstSeq, lastSeq: firstSeq - 1, resume, stored } });
  /** Reads the table, as a round does. */
  const readTable = () => {
    for (const one of feeds.takeDue(0)) feeds.compared(one, 0);
  };
  return { feeds, feed, sent, down, begin, readTable };
}

describe('FeedFollows', () => {
  test('a ping moves the position of a channel, but not while it waits for the table', async () => {
    const { feeds, feed, sent, down, begin, readTable } = await setUp();
    const ping = (shownUntil: number) => down({ channelId: 0, ping: { shownUntil, ping: { sentAt: 1, lastSeq: 0 } } });
    expect(sent).toEqual([{ channelId: 7, follow: { log: 'l', afterSeq: 3 } }]);
    ping(2);
    expect(feed.shownUntil).toBe(1_000);
    begin('l', 6, Resume.GAP);
    ping(3);
    expect([feed.isFollowed, feeds.isBehind(feed), feed.shownUntil]).toEqual([false, true, 1_000]);
    readTable();
    ping(4);
    expect([feed.isFollowed, feed.shownUntil]).toEqual([true, 4_000]);
    feeds.compare(feed);
    ping(5);
    const due = feeds.takeDue(0);
    ping(6);
    expect(feed.shownUntil).toBe(4_000);
    for (const one of due) feeds.compared(one, 0);
    ping(0);
    expect(feed.shownUntil).toBe(4_000);
    ping(7);
    expect(feed.shownUntil).toBe(7_000);
  });

  test('a channel with another log in the table is not shown until it is followed again', async () => {
    const { feeds, feed, begin, readTable } = await setUp();
    begin('l', 4);
    expect(feed.isFollowed).toBe(true);
    feed.restart({ log: 'other', lastSeq: 0, lastAtMs: 0 });
    feeds.compare(feed);
    readTable();
    expect(feed.isFollowed).toBe(false);
  });

  test.each([
    ['a new log', ''],
    ['the known log', 'l'],
  ])(
    '%s that is stored is read from the table, although the gateway believes that the chat has no history',
    async (_, ownLog) => {
      const { feeds, feed, begin } = await setUp(ownLog);
      feed.isStored = false;
      begin('l', 6);
      expect([feed.log, feed.seq, feed.isFollowed, feeds.isBehind(feed)]).toEqual([ownLog, 3, false, true]);
    },
  );

  test('a log that no table has is followed from the start that its owner reports', async () => {
    const { feeds, feed, begin } = await setUp('');
    begin('l', 6, Resume.WHOLE, false);
    expect([feed.log, feed.seq, feed.isFollowed, feeds.isBehind(feed)]).toEqual(['l', 5, true, false]);
  });

  test('a follow that ended begins again after the table was read, and at once if it only fell behind', async () => {
    const { feed, sent, down, begin, readTable } = await setUp();
    begin('l', 4);
    down({ id: 1, closed: { handle: 0, goodbye: { reason: 'behind' } } });
    expect(feed.isFollowed).toBe(false);
    await turn();
    expect(sent).toHaveLength(1);
    readTable();
    await turn();
    expect(sent).toHaveLength(2);
    begin('l', 4);
    down({ id: 2, closed: { handle: 0, goodbye: { reason: 'moved' } } });
    readTable();
    await turn();
    expect(sent).toHaveLength(2);
  });
});
