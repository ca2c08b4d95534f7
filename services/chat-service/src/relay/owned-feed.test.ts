import type { Channels } from '../core/channels.js';
import type { LiveChannel } from '../core/live-channel.js';
import { OwnedFeed } from './owned-feed.js';

const { jest } = import.meta;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const channels = { watchers: new Set(), all: () => [], find: () => undefined } as unknown as Channels;
const channel = (id: number) => ({ facts: { id, epoch: 1 } }) as LiveChannel;

test('announces a channel that moves at once, and those that follow closely together', () => {
  const told: number[][] = [];
  const feed = new OwnedFeed(channels, (news) =>
    told.push([...news.channels, ...news.dropped].map((one) => one.channelId)),
  );
  feed.page(0);
  feed.onClosed(channel(1));
  feed.onClosed(channel(2));
  jest.advanceTimersByTime(1);
  expect(told).toEqual([[1, 2]]);
  feed.onOpened(channel(3));
  jest.advanceTimersByTime(48);
  feed.onOpened(channel(4));
  expect(told).toHaveLength(1);
  jest.advanceTimersByTime(103);
  expect(told).toEqual([
    [1, 2],
    [3, 4],
  ]);
  feed.end();
});
