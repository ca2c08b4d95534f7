/** What an entry does to the words of an earlier one: an edit replaces them, a deletion takes them away. */
export interface Amendment {
  /** The seq of the earlier one. */
  readonly target: number;
  /** The earlier one as it is from now on. */
  readonly apply: (earlier: Frame) => Frame;
  /** Of an edit: itself without its words, for when they are no longer the last ones. */
  readonly withdrawn?: () => Frame;
}

/** An encoded Message as it stands on the wire, and whether clients that asked for no events see it too. */
export interface Frame {
  readonly bytes: Buffer;
  /** False: only for readers with events. */
  readonly plain: boolean;
  readonly amendment?: Amendment | undefined;
}

/** Frames joined for one write, and the cursor behind them. */
export interface JoinedFrames {
  /** Empty where nothing in the range is for this view. */
  readonly bytes: Buffer;
  readonly frames: number;
  readonly next: number;
}

/** Trimming stops here, so that the ring is not trimmed again by the very next frame. */
const trimTo = 0.75;

/**
 * The last frames of a live channel in one ring bounded by bytes; a reader is a cursor into it. It is outbox, resume
 * buffer and slow-reader rule in one: whoever is behind `tail` has lost frames.
 */
export class RingBuffer {
  readonly #maxBytes: number;
  readonly #maxWrite: number;
  readonly #joined = [new Map<number, JoinedFrames>(), new Map<number, JoinedFrames>()] as const;
  #frames: Frame[] = [];
  #bytes = 0;
  #tail = 0;

  /** `maxBytes` bounds the ring, `maxWrite` one joined write. */
  constructor(maxBytes: number, maxWrite: number) {
    this.#maxBytes = maxBytes;
    this.#maxWrite = maxWrite;
  }

  /** The cursor of the oldest frame that is still here. */
  get tail(): number {
    return this.#tail;
  }

  /** The cursor behind the newest frame. */
  get head(): number {
    return this.#tail + this.#frames.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(frame: Frame): void {
    this.#frames.push(frame);
    this.#bytes += frame.bytes.length;
    this.#forgetJoined();
    if (this.#bytes > this.#maxBytes) this.#trim();
  }

  /** Changes the frame at a cursor; nothing happens where it has fallen off the ring. */
  replace(cursor: number, change: (frame: Frame) => Frame): void {
    const at = cursor - this.#tail;
    const before = this.#frames[at];
    if (before === undefined) return;
    const after = change(before);
    this.#frames[at] = after;
    this.#bytes += after.bytes.length - before.bytes.length;
    this.#forgetJoined();
  }

  /** Drops the frames in front of a cursor. */
  dropBefore(cursor: number): void {
    this.#drop(Math.min(cursor, this.head) - this.#tail);
  }

  #forgetJoined(): void {
    const [all, plain] = this.#joined;
    if (all.size > 0) all.clear();
    if (plain.size > 0) plain.clear();
  }

  /** What follows `cursor`, joined once for all readers there; undefined where it has fallen off the ring. */
  after(cursor: number, plainOnly: boolean): JoinedFrames | undefined {
    if (cursor < this.#tail) return undefined;
    const cache = this.#joined[plainOnly ? 1 : 0];
    const known = cache.get(cursor);
    if (known !== undefined) return known;
    const joined = this.#join(cursor, plainOnly, this.head);
    cache.set(cursor, joined);
    return joined;
  }

  /** The same for one reader that is to get nothing from `end` on. */
  between(cursor: number, end: number, plainOnly: boolean): JoinedFrames | undefined {
    return cursor < this.#tail ? undefined : this.#join(cursor, plainOnly, end);
  }

  #join(cursor: number, plainOnly: boolean, end: number): JoinedFrames {
    const parts: Buffer[] = [];
    let bytes = 0;
    let at = cursor - this.#tail;
    for (; at < end - this.#tail; at++) {
      const frame = this.#frames[at] as Frame;
      if (plainOnly && !frame.plain) continue;
      if (parts.length > 0 && bytes + frame.bytes.length > this.#maxWrite) break;
      parts.push(frame.bytes);
      bytes += frame.bytes.length;
    }
    const [only] = parts;
    const whole = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, bytes);
    return { bytes: whole, frames: parts.length, next: this.#tail + at };
  }

  #trim(): void {
    let bytes = this.#bytes;
    let count = 0;
    for (; bytes > this.#maxBytes * trimTo && count < this.#frames.length - 1; count++) {
      bytes -= (this.#frames[count] as Frame).bytes.length;
    }
    this.#drop(count);
  }

  #drop(count: number): void {
    if (count <= 0) return;
    for (const { bytes } of this.#frames.slice(0, count)) this.#bytes -= bytes.length;
    this.#frames = this.#frames.slice(count);
    this.#tail += count;
    this.#forgetJoined();
  }
}
