import type { Channels } from '../core/channels.js';
import type { LiveChannel } from '../core/live-channel.js';
import { OwnedFeed, type OwnedNews } from './owned-feed.js';

const { jest } = import.meta;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const channels = { watchers: new Set(), all: () => [], find: () => undefined } as unknown as Channels;
const channel = (id: number) => ({ facts: { id, epoch: 1 } }) as LiveChannel;

/** Opens a feed, and records the channels of its announcements. */
function setUp() {
  const told: { readonly opened: number[]; readonly closed: number[] }[] = [];
  const idsOf = (list: OwnedNews['channels']) => list.map(({ channelId }) => channelId);
  const feed = new OwnedFeed(channels, (news) =>
    told.push({ opened: idsOf(news.channels), closed: idsOf(news.dropped) }),
  );
  feed.page(0);
  return { feed, told };
}

test('announces the first channel that opens at once, and those that follow closely together', () => {
  const { feed, told } = setUp();
  feed.onOpened(channel(1));
  jest.advanceTimersByTime(1);
  feed.onOpened(channel(3));
  jest.advanceTimersByTime(48);
  feed.onOpened(channel(4));
  expect(told).toEqual([{ opened: [1], closed: [] }]);
  jest.advanceTimersByTime(103);
  expect(told.slice(1)).toEqual([{ opened: [3, 4], closed: [] }]);
  feed.end();
});

test('announces channels that close at once, although channels have just opened', () => {
  const { feed, told } = setUp();
  feed.onOpened(channel(1));
  jest.advanceTimersByTime(1);
  for (const id of [2, 3]) feed.onOpened(channel(id));
  for (const id of [1, 2]) feed.onClosed(channel(id));
  jest.advanceTimersByTime(1);
  feed.onClosed(channel(4));
  jest.advanceTimersByTime(1);
  expect(told.slice(1)).toEqual([
    { opened: [], closed: [1, 2] },
    { opened: [], closed: [4] },
  ]);
  jest.advanceTimersByTime(150);
  expect(told.slice(3)).toEqual([{ opened: [3], closed: [] }]);
  feed.end();
});
