import { Channel } from '@parley/contract';
import { type EncodedMessage, FlushQueue, type Framing, Subscriber } from '@parley/fanout';
import { DedupeMemory } from './dedupe-cache.js';
import { LiveChannel } from './live-channel.js';

/** Joins messages without a prefix. */
const bare: Framing = { overheadBytes: 0, join: (messages) => Buffer.concat(messages) };

const memory = new DedupeMemory({ ms: 1_000, storedMs: 1_000, ofSender: 100, ofAll: 1_000 });
const rate = { messagesPerSecond: 10, bytesPerSecond: 1_000 };
const bounds = { ringBytes: 1_000, lossyRingBytes: 100, writeBytes: 200, rate, senderRate: rate, memory };

function words(text: string): EncodedMessage {
  return { bytes: Buffer.from(`[${text}]`), plain: true };
}

function deletion(target: number): EncodedMessage {
  const apply = (earlier: EncodedMessage): EncodedMessage => ({ ...earlier, bytes: Buffer.from('[]') });
  return { bytes: Buffer.from(`[delete ${target}]`), plain: false, amendment: { target, apply } };
}

function edit(target: number, text: string): EncodedMessage {
  const apply = (earlier: EncodedMessage): EncodedMessage => ({ ...earlier, bytes: Buffer.from(`[${text}]`) });
  const withdrawn = (): EncodedMessage => ({ bytes: Buffer.from('[void]'), plain: false });
  return { bytes: Buffer.from(`[edit ${text}]`), plain: false, amendment: { target, apply, withdrawn } };
}

/**
 * A channel that writes to its subscribers at once, not at the end of the turn of the event loop.
 * Subscribers can be kept from reading.
 */
class World {
  readonly channel: LiveChannel;

  constructor(ringBytes = bounds.ringBytes) {
    const facts = { id: 1, kind: 'room', epoch: 1, log: 'l', hasHistory: true, lastSeq: 0 } as const;
    const settings = { ...Channel.fromPartial({ ownerId: 'alice' }), revision: 0 };
    const flushQueue = new FlushQueue(
      (run) => run(),
      (cause) => {
        throw cause;
      },
    );
    this.channel = new LiveChannel({ facts, settings }, { ...bounds, ringBytes }, flushQueue, 0);
  }

  show(...frames: EncodedMessage[]): void {
    for (const frame of frames) {
      this.channel.show(frame);
      this.channel.flush();
    }
  }

  /** A subscriber that takes one write, then waits until `read`. */
  slowReader(seat: string) {
    const got: string[] = [];
    let ready = () => {};
    let isSlow = false;
    const reader = new Subscriber({
      rings: this.channel.rings,
      sink: {
        ended: false,
        framing: bare,
        write: (frames) => {
          got.push(frames.toString());
          return false;
        },
        onDrain: (listener) => {
          ready = listener;
        },
      },
      events: true,
      maxOwnBytes: 1_000,
      onSlow: () => {
        isSlow = true;
      },
      onWrite: () => {},
    });
    this.channel.enter(seat, { id: seat, number: 1, name: seat }, reader);
    return { reader, got, read: () => ready(), isSlow: () => isSlow };
  }

  /**
   * Returns the entries that a resume after this seq reads from the ring; undefined if the ring no
   * longer has them.
   */
  after(seq: number): string | undefined {
    const cursor = this.channel.cursorAfter(seq);
    return cursor === undefined
      ? undefined
      : this.channel.rings.entries.view(bare, false).after(cursor)?.bytes.toString();
  }
}

describe('In the ring,', () => {
  test('a deletion hides the text of a message and of its edit from later readers', () => {
    const world = new World();
    world.show(words('secret'), edit(1, 'secret too'), words('other'));
    expect(world.after(0)).toBe('[secret too][edit secret too][other]'); // This read caches the joined messages.
    world.show(deletion(1));
    expect(world.after(0)).toBe('[][void][other][delete 1]');
    expect(world.after(1)).toBe('[void][other][delete 1]');
  });

  test('an edit replaces the text of the message and blanks the earlier edit', () => {
    const world = new World();
    world.show(words('one'), edit(1, 'two'), edit(1, 'three'));
    expect(world.after(0)).toBe('[three][void][edit three]');
  });

  test('a subscriber that has yet to read a message does not see it after its deletion', () => {
    const world = new World();
    const slow = world.slowReader('bob');
    world.show(words('first'), words('secret'), deletion(2));
    expect(slow.got).toEqual(['[first]']);
    slow.read();
    expect(slow.got).toEqual(['[first]', '[][delete 2]']);
  });

  test('an amendment of a message that has left the ring changes nothing', () => {
    const world = new World(30);
    world.show(words('gone from the ring'), words('0123456789'), words('abcdefghij'));
    expect(world.after(0)).toBeUndefined();
    world.show(edit(1, 'x'), deletion(1));
    expect(world.after(world.channel.lastSeq - 2)).toBe('[void][delete 1]');
  });

  test('an amendment updates the byte count of the ring', () => {
    const world = new World();
    world.show(words('0123456789'), edit(1, 'x'.repeat(50)), deletion(1));
    expect(world.channel.rings.entries.bytes).toBe('[][void][delete 1]'.length);
  });
});

describe('Trimming a channel', () => {
  test('trimming removes entries from the ring, and the text of their edits', () => {
    const world = new World();
    world.show(words('trimmed'), words('stays'), edit(1, 'trimmed too'));
    world.channel.trimTo(2);
    expect(world.after(0)).toBeUndefined();
    expect(world.after(1)).toBe('[stays][void]');
  });

  test('trimming removes the text of an edit whose target has already left the ring', () => {
    const world = new World(40);
    world.show(words('trimmed'), words('0'.repeat(28)), edit(1, 'too'));
    expect(world.after(0)).toBeUndefined();
    world.channel.trimTo(2);
    expect(world.after(2)).toBe('[void]');
  });

  test('a channel offers no position to resume from for entries that are not shown yet', () => {
    const world = new World();
    world.channel.trimTo(3);
    world.show(words('a'), words('b'), words('c'));
    expect(world.after(1)).toBeUndefined();
    expect(world.after(2)).toBe('[c]');
  });

  test('trimming first gives the entries to a ready subscriber, and reports a slow one', () => {
    const world = new World();
    const slow = world.slowReader('bob');
    world.show(words('first'), words('trimmed'), words('stays'));
    const ready = world.slowReader('carol');
    world.channel.trimTo(3);
    slow.read();
    expect(slow.got).toEqual(['[first]']);
    expect(slow.isSlow()).toBe(true);
    expect(ready.isSlow()).toBe(false);
  });
});

describe('Leaving', () => {
  test('a subscriber that leaves receives the entries that were shown before, then its last frame and nothing after it', () => {
    const world = new World();
    const { reader, got, read } = world.slowReader('bob');
    world.show(words('one'), words('two'));
    let isDone = false;
    reader.finish(Buffer.from('[goodbye]'), () => {
      isDone = true;
    });
    world.show(words('not for bob'));
    for (let n = 0; n < 4; n++) read();
    expect(got).toEqual(['[one]', '[two]', '[goodbye]']);
    expect(isDone).toBe(true);
  });
});
