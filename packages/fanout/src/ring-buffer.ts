import type { EncodedMessage } from './encoded-message.js';
import type { Framing } from './framing.js';
import { PackedMessages } from './packed-messages.js';

/** Messages framed and joined for one write. */
export interface JoinedMessages {
  /** Bytes of the joined messages. Empty if no message in the range is for this view. */
  readonly bytes: Buffer;
  /** Number of messages in `bytes`. */
  readonly count: number;
  /** The cursor after the last message that was examined. */
  readonly next: number;
  /** Lowest seq whose text one of the messages replaces; infinite if none does. */
  readonly lowestEdited: number;
}

/**
 * Share of its limit to which the ring is trimmed. It is below 1, so that the next message does not
 * trim the ring again.
 */
const trimTo = 0.75;

/**
 * The latest messages of one channel, bounded by bytes. A subscriber is a cursor into the ring, so
 * the ring is the outbox of all subscribers and the buffer for resumes. It also decides which
 * subscribers are too slow: those whose cursor is before `tail` have lost messages.
 * @example
 * ```ts
 * import { RingBuffer } from '@parley/fanout';
 *
 * const ring = new RingBuffer(1_048_576, 65_536);
 * ring.push({ bytes: new TextEncoder().encode('hello'), plain: true });
 * ring.at(ring.head - 1).bytes; // the newest message
 * ```
 */
export class RingBuffer {
  readonly #maxBytes: number;
  readonly #maxWrite: number;
  readonly #views: RingView[] = [];
  readonly #messages = new PackedMessages();
  #memory: RingMemory;
  #bytes = 0;
  /** Memory of the messages, as it is counted in the memory of all rings. */
  #counted = 0;

  /**
   * Creates an empty ring. `maxBytes` limits the ring and `maxWrite` one joined write, both in
   * bytes. The ring reports its size to `memory`.
   */
  constructor(maxBytes: number, maxWrite: number, memory = new RingMemory()) {
    this.#maxBytes = maxBytes;
    this.#maxWrite = maxWrite;
    this.#memory = memory;
  }

  /** Cursor of the oldest message in the ring. */
  get tail(): number {
    return this.#messages.tail;
  }

  /** Cursor after the newest message. */
  get head(): number {
    return this.#messages.head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Memory of the ring: its messages, and joined writes. */
  get memoryBytes(): number {
    const joined = this.#views.reduce((sum, { joinedBytes }) => sum + joinedBytes, 0);
    return this.#messages.memoryBytes + joined;
  }

  /** Counts bytes that a view caches; a negative number for bytes that it drops. */
  count(bytes: number): void {
    this.#memory.add(bytes);
  }

  /** Stops counting this ring in the memory of all rings. */
  release(): void {
    this.#memory.add(-this.memoryBytes);
    this.#memory = new RingMemory();
  }

  /** Returns the view for a framing; subscribers with the same framing and rights share it. */
  view(framing: Framing, plainOnly: boolean): RingView {
    const known = this.#views.find((view) => view.framing === framing && view.plainOnly === plainOnly);
    if (known !== undefined) return known;
    const view = new RingView(this, framing, plainOnly, this.#maxWrite);
    if (framing.unshared !== true) this.#views.push(view);
    return view;
  }

  /** Adds a copy of a message. */
  push(message: EncodedMessage): void {
    this.#messages.push(message);
    this.#bytes += message.bytes.length;
    this.#changed();
    if (this.#bytes > this.#maxBytes) this.#trim();
  }

  /** Returns the message at a cursor that is still in the ring. Its bytes are valid until the next push. */
  at(cursor: number): EncodedMessage {
    return this.#messages.at(cursor);
  }

  /** Changes the message at a cursor; does nothing if the ring no longer holds it. */
  replace(cursor: number, change: (message: EncodedMessage) => EncodedMessage): void {
    if (cursor < this.tail || cursor >= this.head) return;
    const before = this.#messages.at(cursor);
    const after = change(before);
    if (after === before) return;
    this.#messages.replace(cursor, after);
    this.#bytes += after.bytes.length - before.bytes.length;
    this.#changed();
  }

  /** Drops all messages before a cursor. */
  dropBefore(cursor: number): void {
    this.#dropBefore(Math.min(cursor, this.head));
  }

  /**
   * Drops joined writes, and the oldest messages until the ring takes at most `maxBytes` of memory.
   */
  shrinkTo(maxBytes: number): void {
    this.#changed();
    if (this.memoryBytes <= maxBytes) return;
    let cost = 0;
    let cursor = this.head;
    for (; cursor > this.tail; cursor--) {
      cost += this.#messages.costAt(cursor - 1);
      if (cost > maxBytes) break;
    }
    this.#dropBefore(cursor);
    this.#messages.shrinkToFit();
    this.#changed();
  }

  /** Drops joined writes, and counts the memory that was gained or lost. */
  #changed(): void {
    for (const view of this.#views) view.forget();
    const { memoryBytes } = this.#messages;
    if (memoryBytes === this.#counted) return;
    const gained = memoryBytes - this.#counted;
    this.#counted = memoryBytes;
    this.#memory.add(gained);
  }

  #trim(): void {
    let bytes = this.#bytes;
    let cursor = this.tail;
    for (; bytes > this.#maxBytes * trimTo && cursor < this.head - 1; cursor++)
      bytes -= this.#messages.lengthAt(cursor);
    this.#dropBefore(cursor);
  }

  #dropBefore(cursor: number): void {
    if (cursor <= this.tail) return;
    for (let dropped = this.tail; dropped < cursor; dropped++) this.#bytes -= this.#messages.lengthAt(dropped);
    this.#messages.dropBefore(cursor);
    this.#changed();
  }
}

/** Returns the seq whose text a message replaces; infinite if it replaces none. */
function editedIn({ amendment }: EncodedMessage): number {
  return amendment?.withdrawn === undefined ? Number.POSITIVE_INFINITY : amendment.target;
}

/**
 * Returns a message in the form for a subscriber that may not read the messages up to the seq
 * `hiddenUpTo`. An edit of one of those loses its text; all other messages stay as they are.
 * @example
 * ```ts
 * import { withoutHidden } from '@parley/fanout';
 *
 * const blank = { bytes: new Uint8Array(), plain: false };
 * const edit = { ...blank, amendment: { target: 7, apply: () => blank, withdrawn: () => blank } };
 * withoutHidden(edit, 7); // blank
 * ```
 */
export function withoutHidden(message: EncodedMessage, hiddenUpTo: number): EncodedMessage {
  return editedIn(message) > hiddenUpTo ? message : (message.amendment?.withdrawn?.() ?? message);
}

/**
 * The view of a ring for subscribers with one framing and the same rights. Joins each range once
 * for all subscribers at the same cursor.
 */
export class RingView {
  readonly framing: Framing;
  readonly plainOnly: boolean;
  readonly #ring: RingBuffer;
  readonly #maxWrite: number;
  /**
   * Joined writes by cursor, until the ring changes. Limited in bytes, because each of many
   * resuming subscribers reads from its own cursor.
   */
  readonly #joined = new Map<number, JoinedMessages>();
  #joinedBytes = 0;

  constructor(ring: RingBuffer, framing: Framing, plainOnly: boolean, maxWrite: number) {
    this.framing = framing;
    this.plainOnly = plainOnly;
    this.#ring = ring;
    this.#maxWrite = maxWrite;
  }

  /** Bytes of joined writes that are cached for other subscribers; at most two writes. */
  get joinedBytes(): number {
    return this.#joinedBytes;
  }

  /** Drops the cached writes. The ring calls this after each change. */
  forget(): void {
    if (this.#joined.size === 0) return;
    this.#joined.clear();
    this.#ring.count(-this.#joinedBytes);
    this.#joinedBytes = 0;
  }

  /**
   * Returns the messages from `cursor` on that fit into one write, or undefined if the ring no
   * longer holds them.
   */
  after(cursor: number): JoinedMessages | undefined {
    if (cursor < this.#ring.tail) return undefined;
    const known = this.#joined.get(cursor);
    if (known !== undefined) return known;
    const joined = this.#join(cursor, this.#ring.head);
    if (this.framing.unshared === true) return joined;
    if (this.#joinedBytes + joined.bytes.length > 2 * this.#maxWrite) this.forget();
    this.#joinedBytes += joined.bytes.length;
    this.#ring.count(joined.bytes.length);
    this.#joined.set(cursor, joined);
    return joined;
  }

  /**
   * Like `after`, for one subscriber that must not receive messages from `end` on. Edits of
   * messages up to the seq `hiddenUpTo` have no text.
   */
  between(cursor: number, end: number, hiddenUpTo = 0): JoinedMessages | undefined {
    return cursor < this.#ring.tail ? undefined : this.#join(cursor, end, hiddenUpTo);
  }

  #join(cursor: number, end: number, hiddenUpTo = 0): JoinedMessages {
    const { overheadBytes, join } = this.framing;
    const parts: Uint8Array[] = [];
    let bytes = 0;
    let at = cursor;
    let lowestEdited = Number.POSITIVE_INFINITY;
    for (; at < end; at++) {
      const stored = this.#ring.at(at);
      if (this.plainOnly && !stored.plain) continue;
      const message = withoutHidden(stored, hiddenUpTo);
      const framedBytes = bytes + message.bytes.length + (parts.length + 1) * overheadBytes;
      if (parts.length > 0 && framedBytes > this.#maxWrite) break;
      parts.push(message.bytes);
      bytes += message.bytes.length;
      lowestEdited = Math.min(lowestEdited, editedIn(message));
    }
    return { bytes: join(parts, bytes), count: parts.length, next: at, lowestEdited };
  }
}

/**
 * Memory of all rings of a process, in bytes.
 * @example
 * ```ts
 * import { RingBuffer, RingMemory } from '@parley/fanout';
 *
 * const rings: RingBuffer[] = [];
 * const memory = new RingMemory(268_435_456, () => rings.at(0)?.shrinkTo(0));
 * rings.push(new RingBuffer(1_048_576, 65_536, memory));
 * ```
 */
export class RingMemory {
  readonly #maxBytes: number;
  readonly #full: () => void;
  #bytes = 0;

  /** Creates a count of zero. `full` is called on each growth beyond `maxBytes`. */
  constructor(maxBytes = Number.POSITIVE_INFINITY, full: () => void = () => {}) {
    this.#maxBytes = maxBytes;
    this.#full = full;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds bytes that a ring has gained; a negative number for bytes that it has lost. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (bytes > 0 && this.#bytes > this.#maxBytes) this.#full();
  }
}

/**
 * Returns the size to which the larger ones of these sizes must shrink for their sum to be at most
 * `target`. Returns Infinity if none must shrink.
 * @example
 * ```ts
 * import { levelFor } from '@parley/fanout';
 *
 * levelFor([10, 90, 200], 190); // 90: 10 + 90 + 90
 * ```
 */
export function levelFor(sizes: readonly number[], target: number): number {
  let left = target;
  const ascending = [...sizes].sort((one, other) => one - other);
  for (const [at, size] of ascending.entries()) {
    const share = left / (ascending.length - at);
    if (size > share) return share;
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}
