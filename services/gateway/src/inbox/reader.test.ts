import { InboxEvent, Kind, MemberChange, Message } from '@parley/contract';
import { FlushQueue } from '@parley/fanout';
import { grpcFraming, prefixBytes } from '@parley/rpc';
import { encodeInboxEvent, entryOf } from './event-frames.js';
import type { Feed } from './feed.js';
import { FeedCursor } from './feed-cursor.js';
import { Feeds } from './feeds.js';
import { InboxReader } from './reader.js';
import type { InboxStream } from './stream.js';

const ann = { id: 'ann', number: 1, name: 'Ann', role: 'user', sessionId: 's' } as const;
const end = { channelId: 7, log: 'log-a', lastSeq: 0, lastAtMs: 0, ownerId: 'server', members: 2 };
const stayFrom = (sinceSeq: number) => ({ sinceSeq, hiddenUpTo: 0 });
const failures: unknown[] = [];
const feedQueue = new FlushQueue(
  (run) => setImmediate(run),
  (err) => failures.push(err),
);
const readerQueue = new FlushQueue(
  (run) => queueMicrotask(run),
  (err) => failures.push(err),
);

afterEach(() => expect(failures).toEqual([]));

const added = encodeInboxEvent({ added: {} });

function feedAt(lastSeq: number): Feed {
  return new Feeds(feedQueue, () => {}).open({ ...end, lastSeq }, 0);
}

/** Adds messages to a feed, as a relay or a read of the table does. */
function say(feed: Feed, ...seqs: number[]): void {
  for (const seq of seqs) feed.offer(feed.log, entryOf(7, Message.fromPartial({ seq, data: Buffer.from('text') })));
}

/** Adds the entry of a removal to a feed. */
function remove(feed: Feed, seq: number, userId: string): void {
  const data = MemberChange.encode(MemberChange.fromPartial({ userId, joined: false })).finish();
  feed.offer(feed.log, entryOf(7, Message.fromPartial({ seq, kind: Kind.MEMBER, data: Buffer.from(data) })));
}

/** A stream that records the kind of each event. It accepts nothing while `full` is set. */
class RecordedStream implements InboxStream {
  readonly framing = grpcFraming;
  readonly ended = false;
  readonly told: string[] = [];
  isFull = false;
  #drained: () => void = () => {};

  write(bytes: Buffer): boolean {
    for (let at = 0; at < bytes.length; ) {
      const next = at + prefixBytes + bytes.readUInt32BE(at + 1);
      const { message, gap, removed, added, chatReset } = InboxEvent.decode(bytes.subarray(at + prefixBytes, next));
      if (message !== undefined) this.told.push(String(message.seq));
      if (gap !== undefined) this.told.push(`gap ${gap.from}-${gap.to}`);
      if (removed ?? added ?? chatReset) this.told.push(removed ? 'removed' : added ? 'added' : 'reset');
      at = next;
    }
    return !this.isFull;
  }

  onDrain(listener: () => void): void {
    this.#drained = listener;
  }

  drain(): void {
    this.isFull = false;
    this.#drained();
  }

  onClose(): void {}
  end(): void {}
  reset(): void {}
}

function open() {
  const stream = new RecordedStream();
  const reader = new InboxReader({
    me: ann,
    stream,
    queue: readerQueue,
    unread: { set: () => {} },
    mostBytes: 1_000_000,
  });
  reader.start(encodeInboxEvent({ welcome: {} }));
  const told = async () => {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    return stream.told;
  };
  return { stream, reader, told };
}

describe('a reader joins a feed where its snapshot ended', () => {
  test('entries that the feed has shown since the snapshot come first', async () => {
    const [feed, { reader, told }] = [feedAt(3), open()];
    say(feed, 4, 5, 6);
    reader.follow(feed, stayFrom(0), 4);
    say(feed, 7);
    expect(await told()).toEqual(['5', '6', '7']);
  });

  test('entries that the snapshot has but the feed does not have yet are skipped', async () => {
    const [feed, { reader, told }] = [feedAt(3), open()];
    reader.follow(feed, stayFrom(0), 5);
    say(feed, 4, 5, 6);
    expect(await told()).toEqual(['6']);
  });

  test('a removal after the snapshot ends the entries, even if the feed has shown it before', async () => {
    const [feed, { reader, told }] = [feedAt(3), open()];
    remove(feed, 4, 'ann');
    say(feed, 5, 6);
    reader.follow(feed, stayFrom(0), 3);
    expect(await told()).toEqual(['4', 'removed']);
  });

  test('a removal before the current stay ends nothing', async () => {
    const [feed, { reader, told }] = [feedAt(3), open()];
    remove(feed, 4, 'ann');
    reader.follow(feed, stayFrom(5), 6);
    say(feed, 5, 6, 7);
    expect(await told()).toEqual(['7']);
  });

  test('a snapshot from before a removal does not add the user again', async () => {
    const [feed, { reader, told }] = [feedAt(3), open()];
    reader.follow(feed, stayFrom(3), 3);
    say(feed, 4);
    remove(feed, 5, 'ann');
    say(feed, 6);
    expect(await told()).toEqual(['4', '5', 'removed']);
    reader.enter({ feed, stay: stayFrom(3), added: Buffer.alloc(0) });
    expect(await told()).toEqual(['4', '5', 'removed']);
  });

  test('a stay that is over is shown to its end, and then the next stay', async () => {
    const [feed, { reader, told }] = [feedAt(0), open()];
    reader.follow(feed, stayFrom(0), 0);
    reader.enter({ feed, stay: stayFrom(3), untilSeq: 5, added });
    reader.enter({ feed, stay: stayFrom(7), added });
    say(feed, 1);
    remove(feed, 2, 'ann');
    say(feed, 3, 4);
    remove(feed, 5, 'ann');
    say(feed, 6, 7, 8);
    expect(await told()).toEqual(['1', '2', 'removed', 'added', '4', '5', 'removed', 'added', '8']);
  });

  test('a removal is remembered while the gateway believes that the chat has no history', async () => {
    const [feed, { reader, told }] = [feedAt(0), open()];
    feed.isStored = false;
    remove(feed, 1, 'ann');
    say(feed, 2);
    feed.isStored = true;
    reader.follow(feed, stayFrom(0), 0);
    expect(await told()).toEqual(['1', 'removed']);
  });
});

describe('entries that retention has deleted', () => {
  test('are a gap for readers that wait for them, and for readers that start later', async () => {
    const [feed, early, late] = [feedAt(0), open(), open()];
    early.reader.follow(feed, stayFrom(0), 0);
    say(feed, 1, 2);
    await early.told();
    feed.skipTo(5);
    say(feed, 6);
    late.reader.follow(feed, stayFrom(0), 1);
    expect(await early.told()).toEqual(['1', '2', 'gap 3-5', '6']);
    expect(await late.told()).toEqual(['gap 2-5', '6']);
  });

  test('are a gap after everything that was written before', async () => {
    const [feed, { stream, reader, told }] = [feedAt(0), open()];
    reader.follow(feed, stayFrom(0), 0);
    await told();
    stream.isFull = true;
    say(feed, 1);
    await told();
    say(feed, 2);
    feed.skipTo(5);
    say(feed, 6);
    stream.drain();
    expect(await told()).toEqual(['1', 'gap 2-5', '6']);
  });
});

test('another log begins with a reset and has its own seqs', async () => {
  const [feed, { reader, told }] = [feedAt(3), open()];
  reader.follow(feed, stayFrom(0), 3);
  remove(feed, 4, 'bob');
  say(feed, 5);
  await told();
  feed.restart({ log: 'log-b', lastSeq: 1, lastAtMs: 0 });
  say(feed, 2, 3);
  expect(await told()).toEqual(['4', '5', 'reset', '2', '3']);
});

test('a reader that leaves its chats to start again stays in its room', async () => {
  const [chat, room, { stream, reader, told }] = [feedAt(0), feedAt(10), open()];
  reader.follow(chat, stayFrom(0), 0);
  new FeedCursor(room, reader, stayFrom(10), 10).start();
  await told();
  stream.isFull = true;
  say(chat, 1);
  await told();
  say(chat, 2);
  say(room, 11);
  await told();
  reader.leaveAll();
  stream.drain();
  say(chat, 3);
  say(room, 12);
  expect(await told()).toEqual(['1', '11', '12']);
});

test('a position names the last entry of a chat that the user has just left', async () => {
  const [feed, { reader, told }] = [feedAt(3), open()];
  reader.follow(feed, stayFrom(0), 3);
  remove(feed, 4, 'ann');
  expect(await told()).toEqual(['4', 'removed']);
  expect(reader.isIn(7)).toBe(false);
  expect(reader.places(0)).toMatchObject([{ channelId: 7, seq: 4, log: 'log-a' }]);
  expect(reader.places(Number.MAX_SAFE_INTEGER)).toEqual([]);
});

test('there is no position while the end of a stay is known but its last entries have not arrived', async () => {
  const [feed, { reader, told }] = [feedAt(3), open()];
  const positions: string[] = [];
  const positionOf = () => {
    positions.push('position');
    return 'position';
  };
  const ping = () => reader.ping(Number.MAX_SAFE_INTEGER, positionOf);
  reader.follow(feed, stayFrom(0), 3);
  await told();
  reader.enter({ feed, stay: stayFrom(6), added });
  ping();
  expect(positions).toHaveLength(0);
  say(feed, 4);
  remove(feed, 5, 'ann');
  say(feed, 6, 7);
  expect(await told()).toEqual(['4', '5', 'removed', 'added', '7']);
  ping();
  expect(positions).toHaveLength(1);
});
