import type { RingBuffer } from './ring-buffer.js';

/** Where a reader's frames go. */
export interface FrameSink {
  readonly ended: boolean;
  /** False: wait for `onDrain` before the next write. */
  write(frames: Buffer): boolean;
  onDrain(listener: () => void): void;
}

/** The two logs of a channel: entries that nobody may miss, and frames that are dropped before anything else. */
export interface ChannelRings {
  readonly entries: RingBuffer;
  readonly lossy: RingBuffer;
}

export interface SubscriberOptions {
  readonly logs: ChannelRings;
  readonly outlet: FrameSink;
  /** Where in the entries it starts; the end where absent. */
  readonly cursor?: number | undefined;
  /** True: entries wait for `start`, because older ones are read from the table first. */
  readonly held?: boolean | undefined;
  /** Events and entries of every kind, not only what was said. */
  readonly events: boolean;
  /** Bytes of frames for this reader alone that may wait. */
  readonly maxOwnBytes: number;
  /** Called once when the reader has fallen behind; it gets nothing more. */
  readonly onSlow: () => void;
  /** Told how many frames each write carried. */
  readonly onWrite: (frames: number) => void;
}

/**
 * One stream in a channel: a cursor in each log and a short queue of frames of its own.
 * Own frames go first, then entries, then lossy frames; nothing is written while the reader is not ready.
 */
export class Subscriber {
  readonly #options: SubscriberOptions;
  /** Looked at by each write: fields of its own. */
  readonly #outlet: FrameSink;
  readonly #entries: RingBuffer;
  readonly #lossy: RingBuffer;
  #own: Buffer[] = [];
  #ownBytes = 0;
  #entriesCursor: number;
  #lossyCursor: number;
  #blocked = false;
  #held: boolean;
  #left = false;
  #finish: { upTo: number; last: Buffer | undefined; done: () => void } | undefined;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#outlet = options.outlet;
    this.#entries = options.logs.entries;
    this.#lossy = options.logs.lossy;
    this.#entriesCursor = options.cursor ?? options.logs.entries.head;
    this.#lossyCursor = options.logs.lossy.head;
    this.#held = options.held ?? false;
  }

  get events(): boolean {
    return this.#options.events;
  }

  /** A frame for this reader alone: welcome, ack, pong. */
  tell(frame: Buffer): void {
    if (this.#left || this.#finish !== undefined) return;
    this.#own.push(frame);
    this.#ownBytes += frame.length;
    if (this.#ownBytes > this.#options.maxOwnBytes) this.#fallBehind();
    else this.pump();
  }

  /** Writes all that waits and that the reader is ready for. */
  pump(): void {
    while (!this.#blocked && !this.#left && !this.#outlet.ended && this.#writeNext()) {}
    if (!this.#held && this.#entriesCursor < this.#entries.tail) this.#fallBehind();
  }

  /** Goes on from here, live. */
  start(cursor: number): void {
    this.#held = false;
    this.#entriesCursor = cursor;
    this.pump();
  }

  /** Entries are not written any more, until `start`; how many there are by now. */
  hold(): number {
    this.#held = true;
    return this.#options.logs.entries.head - this.#entriesCursor;
  }

  /** Writes what waits, then `last`, then calls `done`; nothing new is taken from now on, entries neither. */
  finish(last: Buffer | undefined, done: () => void): void {
    if (this.#left || this.#finish !== undefined) return;
    this.#finish = { upTo: this.#entries.head, last, done };
    this.pump();
  }

  /** Nothing is written from now on. */
  leave(): void {
    this.#left = true;
    this.#own = [];
  }

  #writeNext(): boolean {
    if (this.#own.length > 0) return this.#write(this.#takeOwn());
    if (!this.#held && this.#entriesCursor !== (this.#finish?.upTo ?? this.#entries.head)) return this.#writeEntries();
    if (this.#finish !== undefined) return this.#writeLast(this.#finish);
    if (this.#held) return false;
    if (this.#lossyCursor !== this.#lossy.head) return this.#writeLossy();
    return false;
  }

  #takeOwn(): Buffer {
    const own = this.#own.length === 1 ? (this.#own[0] as Buffer) : Buffer.concat(this.#own, this.#ownBytes);
    this.#options.onWrite(this.#own.length);
    this.#own = [];
    this.#ownBytes = 0;
    return own;
  }

  #writeEntries(): boolean {
    const plainOnly = !this.#options.events;
    const joined =
      this.#finish === undefined
        ? this.#entries.after(this.#entriesCursor, plainOnly)
        : this.#entries.between(this.#entriesCursor, this.#finish.upTo, plainOnly);
    if (joined === undefined) return false;
    this.#entriesCursor = joined.next;
    if (joined.frames > 0) this.#options.onWrite(joined.frames);
    return this.#write(joined.bytes);
  }

  #writeLossy(): boolean {
    const joined = this.#lossy.after(this.#lossyCursor, !this.#options.events);
    this.#lossyCursor = joined?.next ?? this.#lossy.head;
    if (joined !== undefined && joined.frames > 0) this.#options.onWrite(joined.frames);
    return joined === undefined || this.#write(joined.bytes);
  }

  #writeLast({ last, done }: { last: Buffer | undefined; done: () => void }): boolean {
    if (last !== undefined) this.#outlet.write(last);
    this.leave();
    done();
    return false;
  }

  #write(bytes: Buffer): boolean {
    if (bytes.length === 0 || this.#outlet.write(bytes)) return true;
    this.#blocked = true;
    this.#outlet.onDrain(() => {
      this.#blocked = false;
      this.pump();
    });
    return true;
  }

  #fallBehind(): void {
    if (this.#left) return;
    this.leave();
    this.#options.onSlow();
  }
}
