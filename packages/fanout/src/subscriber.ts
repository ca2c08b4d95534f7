import type { Framing } from './framing.js';
import { messageCostBytes } from './packed-messages.js';
import type { JoinedMessages, RingBuffer, RingView } from './ring-buffer.js';

/** The stream that a subscriber writes to. */
export interface MessageSink {
  readonly ended: boolean;
  readonly framing: Framing;
  /** Writes framed messages. Returns false if the next write must wait for `onDrain`. */
  write(messages: Buffer): boolean;
  /** Calls `listener` once, when the stream can take more. */
  onDrain(listener: () => void): void;
}

/**
 * The two rings of a channel: entries, which nobody may miss, and lossy messages, which are dropped
 * first.
 */
export interface ChannelRings {
  readonly entries: RingBuffer;
  readonly lossy: RingBuffer;
}

/** Memory that one subscriber holds alone, in bytes. */
export interface HeldBytes {
  set(bytes: number): void;
}

export interface SubscriberOptions {
  readonly rings: ChannelRings;
  readonly sink: MessageSink;
  /** Cursor in the entries at which to start. Default: their end. */
  readonly cursor?: number | undefined;
  /** Whether entries wait for `start`, because older ones come from the table first. */
  readonly held?: boolean | undefined;
  /**
   * Whether the client asked for events. If so, it receives events and entries of every kind, not
   * only chat messages.
   */
  readonly events: boolean;
  /**
   * Seq up to which the client may not read messages, so that edits of them arrive without text.
   * Default: 0.
   */
  readonly hiddenUpTo?: number;
  /** Maximum bytes of waiting messages that are for this subscriber alone. */
  readonly maxOwnBytes: number;
  /**
   * Counts the waiting messages for this subscriber alone, and the bytes of a write that its stream
   * does not accept.
   */
  readonly unread?: HeldBytes;
  /** Called once when the subscriber has fallen behind. It receives nothing more. */
  readonly onSlow: () => void;
  /** Called with the number of messages in each write. */
  readonly onWrite: (messages: number) => void;
}

/**
 * One stream in a channel: a cursor in each ring, and a short queue of its own messages (welcome,
 * acks, pongs). Own messages go first, then entries, then lossy messages. It writes nothing while
 * its stream is not ready.
 * @example
 * ```ts
 * import { type MessageSink, RingBuffer, Subscriber } from '@parley/fanout';
 *
 * const stream: MessageSink = {
 *   ended: false,
 *   framing: { overheadBytes: 0, join: (messages) => Buffer.concat(messages) },
 *   write: (messages) => process.stdout.write(messages),
 *   onDrain: (listener) => process.stdout.once('drain', listener),
 * };
 * const rings = { entries: new RingBuffer(1_048_576, 65_536), lossy: new RingBuffer(65_536, 65_536) };
 * const subscriber = new Subscriber({
 *   rings,
 *   sink: stream,
 *   events: true,
 *   maxOwnBytes: 524_288,
 *   onSlow: () => console.log('fell behind'),
 *   onWrite: (count) => console.log(`${count} messages written`),
 * });
 * rings.entries.push({ bytes: new TextEncoder().encode('hello'), plain: true });
 * subscriber.flush();
 * ```
 */
export class Subscriber {
  // The fields that every write reads come first, so that they share few cache lines.
  readonly #sink: MessageSink;
  readonly #ring: RingBuffer;
  readonly #entries: RingView;
  readonly #lossyRing: RingBuffer;
  readonly #lossy: RingView;
  readonly #hiddenUpTo: number;
  readonly #onWrite: (messages: number) => void;
  #entriesCursor: number;
  #lossyCursor: number;
  #ownBytes = 0;
  #blocked = false;
  #held: boolean;
  #left = false;
  #finish: { upTo: number; last: Uint8Array | undefined; done: () => void } | undefined;
  #own: Uint8Array[] = [];
  /** Bytes of the write that blocks the stream, and how many of them are counted as unread. */
  #blockedBytes = 0;
  #stuckBytes = 0;
  #countedBytes = 0;
  #wasBlocked = false;
  readonly #options: SubscriberOptions;

  constructor(options: SubscriberOptions) {
    const { rings, sink, events } = options;
    this.#options = options;
    this.#sink = sink;
    this.#ring = rings.entries;
    this.#entries = rings.entries.view(sink.framing, !events);
    this.#lossyRing = rings.lossy;
    this.#lossy = rings.lossy.view(sink.framing, !events);
    this.#hiddenUpTo = options.hiddenUpTo ?? 0;
    this.#entriesCursor = options.cursor ?? rings.entries.head;
    this.#lossyCursor = rings.lossy.head;
    this.#onWrite = options.onWrite;
    this.#held = options.held ?? false;
  }

  get events(): boolean {
    return this.#options.events;
  }

  /** Queues a message for this subscriber alone. */
  send(message: Uint8Array): void {
    if (this.#left || this.#finish !== undefined) return;
    this.#own.push(message);
    this.#ownBytes += message.length;
    if (this.#ownBytes > this.#options.maxOwnBytes) this.#fallBehind();
    else this.flush();
    this.#count();
  }

  /**
   * Counts a write that has blocked the stream since the last tick. Entries are not counted before
   * that, because subscribers share the bytes of a write until one of them falls behind.
   */
  tick(): void {
    if (this.#blocked && this.#wasBlocked) this.#stuckBytes = this.#blockedBytes;
    this.#wasBlocked = this.#blocked;
    this.#count();
  }

  #count(): void {
    const held = this.#ownBytes + this.#own.length * messageCostBytes + this.#stuckBytes;
    if (held === this.#countedBytes) return;
    this.#countedBytes = held;
    this.#options.unread?.set(held);
  }

  /** Writes everything that is waiting, as far as the stream accepts it. */
  flush(): void {
    while (!this.#blocked && !this.#left && !this.#sink.ended && this.#writeNext()) {}
    if (!this.#held && this.#entriesCursor < this.#ring.tail) this.#fallBehind();
  }

  /** Continues live from this cursor. */
  start(cursor: number): void {
    this.#held = false;
    this.#entriesCursor = cursor;
    this.flush();
  }

  /** Stops writing entries until `start`. Returns the number of entries that wait. */
  hold(): number {
    this.#held = true;
    return this.#ring.head - this.#entriesCursor;
  }

  /**
   * Writes the waiting messages, then `last`, then calls `done`. From now on it accepts nothing
   * new, entries included.
   */
  finish(last: Uint8Array | undefined, done: () => void): void {
    if (this.#left || this.#finish !== undefined) return;
    this.#finish = { upTo: this.#ring.head, last, done };
    this.flush();
  }

  /** Writes nothing from now on. */
  leave(): void {
    this.#left = true;
    this.#own = [];
    this.#ownBytes = 0;
    this.#stuckBytes = 0;
    this.#count();
  }

  #writeNext(): boolean {
    if (this.#ownBytes > 0) return this.#write(this.#takeOwn(), true);
    if (!this.#held && this.#entriesCursor !== (this.#finish?.upTo ?? this.#ring.head)) return this.#writeEntries();
    if (this.#finish !== undefined) return this.#writeLast(this.#finish);
    if (this.#held) return false;
    if (this.#lossyCursor !== this.#lossyRing.head) return this.#writeLossy();
    return false;
  }

  #takeOwn(): Buffer {
    const own = this.#sink.framing.join(this.#own, this.#ownBytes);
    this.#onWrite(this.#own.length);
    this.#own = [];
    this.#ownBytes = 0;
    return own;
  }

  #writeEntries(): boolean {
    const joined = this.#nextEntries();
    if (joined === undefined) return false;
    this.#entriesCursor = joined.next;
    if (joined.count > 0) this.#onWrite(joined.count);
    return this.#write(joined.bytes);
  }

  /**
   * Returns the next entries in the form that all subscribers share, or in a form of its own if
   * this subscriber may not read all of them.
   */
  #nextEntries(): JoinedMessages | undefined {
    const end = this.#finish?.upTo ?? this.#ring.head;
    const joined =
      this.#finish === undefined
        ? this.#entries.after(this.#entriesCursor)
        : this.#entries.between(this.#entriesCursor, end);
    if (joined === undefined || joined.lowestEdited > this.#hiddenUpTo) return joined;
    return this.#entries.between(this.#entriesCursor, end, this.#hiddenUpTo);
  }

  #writeLossy(): boolean {
    const joined = this.#lossy.after(this.#lossyCursor);
    this.#lossyCursor = joined?.next ?? this.#lossyRing.head;
    if (joined !== undefined && joined.count > 0) this.#onWrite(joined.count);
    return joined === undefined || this.#write(joined.bytes);
  }

  #writeLast({ last, done }: { last: Uint8Array | undefined; done: () => void }): boolean {
    if (last !== undefined) this.#sink.write(this.#sink.framing.join([last], last.length));
    this.leave();
    done();
    return false;
  }

  #write(bytes: Buffer, isOwn = false): boolean {
    if (bytes.length === 0 || this.#sink.write(bytes)) return true;
    this.#blocked = true;
    this.#blockedBytes = bytes.length;
    if (isOwn) this.#stuckBytes = bytes.length;
    this.#sink.onDrain(() => this.#unblock());
    return true;
  }

  #unblock(): void {
    this.#blocked = false;
    this.#wasBlocked = false;
    this.#stuckBytes = 0;
    this.flush();
    this.#count();
  }

  #fallBehind(): void {
    if (this.#left) return;
    this.leave();
    this.#options.onSlow();
  }
}

/** Something that writes its queued data when its turn comes. */
export interface Flushable {
  flush(): void;
}

/**
 * Collects everything that became ready in one turn of the event loop, and flushes each of them
 * once at the end of the turn.
 * @example
 * ```ts
 * import { FlushQueue } from '@parley/fanout';
 *
 * const queue = new FlushQueue(setImmediate, (cause) => console.error(cause));
 * const channel = { flush: () => console.log('written once') };
 * queue.add(channel);
 * queue.add(channel); // still one flush, at the end of this turn
 * ```
 */
export class FlushQueue {
  readonly #ready = new Set<Flushable>();
  readonly #atTurnEnd: (run: () => void) => void;
  readonly #failed: (cause: unknown) => void;

  /**
   * Creates an empty queue. `atTurnEnd` is `setImmediate`, or in a test a function that runs the
   * flushes on request. `failed` receives any error that a flush throws.
   */
  constructor(atTurnEnd: (run: () => void) => void, failed: (cause: unknown) => void) {
    this.#atTurnEnd = atTurnEnd;
    this.#failed = failed;
  }

  add(one: Flushable): void {
    if (this.#ready.size === 0) this.#atTurnEnd(() => this.#flush());
    this.#ready.add(one);
  }

  #flush(): void {
    const ready = [...this.#ready];
    this.#ready.clear();
    for (const one of ready) {
      try {
        one.flush();
      } catch (cause) {
        this.#failed(cause);
      }
    }
  }
}
