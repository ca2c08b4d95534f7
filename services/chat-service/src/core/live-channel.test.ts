import { Channel } from '@parley/contract';
import { FlushQueue, type Framing, Subscriber } from '@parley/fanout';
import { Channels } from './channels.js';
import { DedupeMemory } from './dedupe-cache.js';

/** Joins messages without a prefix. */
const bare: Framing = { overheadBytes: 0, join: (messages) => Buffer.concat(messages) };

const memory = new DedupeMemory({ ms: 1_000, storedMs: 1_000, ofSender: 100, ofAll: 1_000 });
const rate = { messagesPerSecond: 10, bytesPerSecond: 1_000 };
const bounds = { ringBytes: 1_000, lossyRingBytes: 100, writeBytes: 200, rate, senderRate: rate, memory };
const alice = { id: 'alice', number: 1, name: 'Alice' };
const bob = { id: 'bob', number: 2, name: 'Bob' };

function opening(id: number, epoch = 1, log = 'l') {
  const facts = { id, kind: 'room', epoch, log, hasHistory: false, lastSeq: 0 } as const;
  return { facts, settings: { ...Channel.fromPartial({ ownerId: 'alice' }), revision: 0 } };
}

function setUp(allRingsBytes = 1_000_000) {
  const turns: (() => void)[] = [];
  const failed: unknown[] = [];
  const flushQueue = new FlushQueue(
    (run) => turns.push(run),
    (cause) => failed.push(cause),
  );
  const endTurn = () => {
    for (const run of turns.splice(0)) run();
  };
  const channels = new Channels({ ...bounds, allRingsBytes }, flushQueue);
  const open = (epoch: number, log = `log-${epoch}`) => channels.open(opening(7, epoch, log), 1_000);
  return { channels, open, endTurn, failed, turns };
}

function readerOf(channel: ReturnType<ReturnType<typeof setUp>['open']>, write: (frames: Buffer) => boolean) {
  const sink = { ended: false, framing: bare, write, onDrain: () => {} };
  return new Subscriber({
    rings: channel.rings,
    sink,
    events: true,
    maxOwnBytes: 100,
    onSlow: () => {},
    onWrite: () => {},
  });
}

describe('LiveChannel', () => {
  test('a channel counts users, not seats', () => {
    const channel = setUp().open(1);
    const reader = readerOf(channel, () => true);
    expect(channel.enter('s1', alice, reader)).toBe(true);
    expect(channel.enter('s2', alice, reader)).toBe(false);
    expect(channel.enter('s3', bob, reader)).toBe(true);
    expect([channel.users, channel.seats]).toEqual([2, 3]);
    expect(channel.people(25)).toEqual([alice, bob]);
    expect(channel.leave('s1', 2_000)).toBe(false);
    expect(channel.leave('s2', 2_000)).toBe(true);
    expect(channel.leave('s2', 2_000)).toBe(false);
    expect(channel.users).toBe(1);
  });

  test('a channel records when it became empty', () => {
    const channel = setUp().open(1);
    expect(channel.emptySinceMs).toBe(1_000);
    channel.enter(
      's1',
      alice,
      readerOf(channel, () => true),
    );
    expect(channel.emptySinceMs).toBeUndefined();
    channel.leave('s1', 5_000);
    expect(channel.emptySinceMs).toBe(5_000);
  });

  test('followers keep a channel in memory only if it has no history, and a message keeps it there for a while', () => {
    const ends: string[] = [];
    const follower = { flush: () => {}, onChannelEnd: (why: string) => void ends.push(why) };
    const { channels, open } = setUp();
    const fleeting = open(1);
    fleeting.addFollower(follower);
    expect(fleeting.emptySinceMs).toBeUndefined();
    fleeting.removeFollower(follower, 3_000);
    expect(fleeting.emptySinceMs).toBe(3_000);
    const { facts, settings } = opening(8);
    const stored = channels.open({ facts: { ...facts, hasHistory: true }, settings }, 1_000);
    stored.addFollower(follower);
    expect(stored.emptySinceMs).toBe(1_000);
    stored.use(4_000);
    expect(stored.emptySinceMs).toBe(4_000);
    channels.close(stored);
    expect(ends).toEqual(['moved']);
  });

  test('a channel writes once to each subscriber at the end of the turn', () => {
    const { open, endTurn } = setUp();
    const channel = open(1);
    const got: string[] = [];
    channel.enter(
      's1',
      alice,
      readerOf(channel, (frames) => got.push(frames.toString()) > 0),
    );
    for (const text of ['a', 'b', 'c']) channel.show({ bytes: Buffer.from(text), plain: true });
    expect(got).toEqual([]);
    endTurn();
    expect(got).toEqual(['abc']);
  });

  test('a ready subscriber receives all of a burst that is larger than the ring', () => {
    const { open, endTurn } = setUp();
    const channel = open(1);
    let bytes = 0;
    const count = (frames: Buffer) => {
      bytes += frames.length;
      return true;
    };
    channel.enter('s1', alice, readerOf(channel, count));
    for (let i = 0; i < 500; i++) channel.show({ bytes: Buffer.alloc(20), plain: true });
    endTurn();
    expect(bytes).toBe(10_000);
  });

  test('a channel finds the cursor after a seq while the ring has it', () => {
    const channel = setUp().open(1);
    for (let i = 0; i < 200; i++) {
      channel.show({ bytes: Buffer.alloc(20), plain: true });
    }
    expect(channel.cursorAfter(200)).toBe(channel.rings.entries.head);
    expect(channel.cursorAfter(199)).toBe(channel.rings.entries.head - 1);
    expect(channel.cursorAfter(0)).toBeUndefined();
    expect(channel.cursorAfter(201)).toBeUndefined();
  });

  test('a subscriber that throws does not stop the next channel', () => {
    const { channels, endTurn, failed } = setUp();
    const [bad, good] = [channels.open(opening(1), 0), channels.open(opening(2), 0)];
    const got: string[] = [];
    const explode = () => {
      throw new Error('planted');
    };
    bad.enter('s1', alice, readerOf(bad, explode));
    good.enter(
      's2',
      bob,
      readerOf(good, (frames) => got.push(frames.toString()) > 0),
    );
    for (const channel of [bad, good]) channel.show({ bytes: Buffer.from('a'), plain: true });
    endTurn();
    expect(failed).toHaveLength(1);
    expect(got).toEqual(['a']);
  });
});

describe('Channels', () => {
  test('keeps the live channel of an epoch, and creates a new one for a newer epoch', () => {
    const { open, channels } = setUp();
    const first = open(1);
    expect(open(1, 'other')).toBe(first);
    const second = open(2);
    expect(second).not.toBe(first);
    expect(open(1)).toBe(second);
    expect(channels.size).toBe(1);
  });

  test('lists empty channels, the longest empty first', () => {
    const { channels } = setUp();
    channels.open(opening(1), 30);
    channels.open(opening(2), 10);
    const inside = channels.open(opening(3), 5);
    inside.enter(
      'seat',
      alice,
      readerOf(inside, () => true),
    );
    expect(channels.empty().map(({ facts }) => facts.id)).toEqual([2, 1]);
  });
});

describe('the rings of all channels', () => {
  const message = { bytes: Buffer.alloc(10), plain: true };

  function occupied(channels: Channels, id: number, messages: number) {
    const channel = channels.open(opening(id), 1_000);
    const reader = readerOf(channel, () => true);
    channel.enter('s', alice, reader);
    for (let n = 0; n < messages; n++) channel.show(message);
    return { channel, left: () => channel.rings.entries.head - channel.rings.entries.tail };
  }

  test('if all rings together are too large, the largest ones shrink, even while users are in their channels', () => {
    const { channels, endTurn } = setUp(2_310);
    const large = occupied(channels, 1, 60);
    const small = occupied(channels, 2, 10);
    endTurn();
    endTurn();
    expect([large.left(), small.left()]).toEqual([60, 10]);
    for (let n = 0; n < 10; n++) small.channel.show(message);
    endTurn();
    endTurn();
    expect(channels.ringBytes).toBeLessThanOrEqual(0.9 * 2_310);
    expect(small.left()).toBe(20);
    expect(large.left()).toBeLessThan(60);
    expect(large.left()).toBeGreaterThan(20);
    expect(large.channel.cursorAfter(large.channel.lastSeq)).toBe(large.channel.rings.entries.head);
  });

  test('the rings of empty channels are dropped first', () => {
    const { channels, endTurn } = setUp(2_000);
    const empty = occupied(channels, 1, 20);
    empty.channel.leave('s', 2_000);
    const full = occupied(channels, 2, 35);
    endTurn();
    endTurn();
    expect([empty.left(), full.left()]).toEqual([0, 35]);
  });

  test('the rings of a closed channel no longer count', () => {
    const { channels, endTurn } = setUp();
    const { channel } = occupied(channels, 1, 20);
    endTurn();
    expect(channels.ringBytes).toBeGreaterThanOrEqual(20 * (10 + 9));
    channels.close(channel);
    expect(channels.ringBytes).toBe(0);
    channel.show(message);
    expect(channels.ringBytes).toBe(0);
  });

  test('the memory of a ring includes its joined writes', () => {
    const { channels, endTurn } = setUp();
    const { channel } = occupied(channels, 1, 5);
    const before = channels.ringBytes;
    endTurn();
    expect(channels.ringBytes).toBe(before + 50);
    channel.show(message);
    expect(channels.ringBytes).toBe(before); // The message is packed into memory that the ring already has.
  });
});
