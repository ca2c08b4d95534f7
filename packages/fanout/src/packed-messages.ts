import type { EncodedMessage } from './encoded-message.js';

/** Memory of a message that is an object, in addition to its bytes. Measured with Node 20. */
export const messageCostBytes = 400;
/** Memory of a packed message in addition to its bytes: its start, its length and a flag. */
const slotBytes = 9;
const leastBytes = 512;
const leastSlots = 8;
/**
 * Factor by which the arrays grow, and factor by which they may be larger than needed before they
 * shrink.
 */
const growth = 1.5;
const maxSlack = 4;

const nothing = new Uint8Array();
const noPlace = -1;

/**
 * A queue of messages. It copies their bytes into one circular array and keeps no object for a
 * message, because the garbage collector would have to move and visit each of them. Only messages
 * that amend others or were replaced are objects; they are few.
 */
export class PackedMessages {
  #bytes = nothing;
  /** Start of each message, its length, and whether it is plain, by cursor. */
  #starts = new Int32Array();
  #lengths = new Int32Array();
  #isPlain = new Uint8Array();
  #tail = 0;
  #head = 0;
  /** Offset after the newest packed message, and bytes of all of them. */
  #end = 0;
  #packedBytes = 0;
  readonly #objects = new Map<number, EncodedMessage>();
  #objectBytes = 0;

  /** Cursor of the oldest message. */
  get tail(): number {
    return this.#tail;
  }

  /** Cursor after the newest message. */
  get head(): number {
    return this.#head;
  }

  /** Memory that the messages take. */
  get memoryBytes(): number {
    return this.#bytes.length + this.#starts.length * slotBytes + this.#objectBytes;
  }

  push(message: EncodedMessage): void {
    const isPacked = message.amendment === undefined;
    const bytes = isPacked ? message.bytes : nothing;
    if (this.#head - this.#tail === this.#starts.length)
      this.#resize(this.#bytes.length, Math.max(leastSlots, 2 * this.#starts.length));
    const start = this.#makePlace(bytes.length);
    const slot = this.#slot(this.#head);
    this.#bytes.set(bytes, start);
    this.#starts[slot] = start;
    this.#lengths[slot] = bytes.length;
    this.#isPlain[slot] = message.plain ? 1 : 0;
    this.#end = start + bytes.length;
    this.#packedBytes += bytes.length;
    if (!isPacked) this.#keep(this.#head, message);
    this.#head += 1;
  }

  /** Returns a message. Its bytes are valid until the next push. */
  at(cursor: number): EncodedMessage {
    const object = this.#objectAt(cursor);
    if (object !== undefined) return object;
    const slot = this.#slot(cursor);
    const start = this.#starts[slot] ?? 0;
    const bytes = this.#bytes.subarray(start, start + (this.#lengths[slot] ?? 0));
    return { bytes, plain: this.#isPlain[slot] === 1, amendment: undefined };
  }

  /** Returns the number of bytes of a message. */
  lengthAt(cursor: number): number {
    return this.#objectAt(cursor)?.bytes.length ?? this.#lengths[this.#slot(cursor)] ?? 0;
  }

  /** Returns the most memory that a message takes after `shrinkToFit`. */
  costAt(cursor: number): number {
    const object = this.#objectAt(cursor);
    const objectBytes = object === undefined ? 0 : object.bytes.length + messageCostBytes;
    return (this.#lengths[this.#slot(cursor)] ?? 0) + 2 * slotBytes + objectBytes;
  }

  /** Replaces a message, with a copy of the bytes of the other one. */
  replace(cursor: number, { bytes, plain, amendment }: EncodedMessage): void {
    this.#forget(cursor);
    this.#keep(cursor, { bytes: new Uint8Array(bytes), plain, amendment });
  }

  /** Removes all messages before a cursor. */
  dropBefore(cursor: number): void {
    for (; this.#tail < cursor; this.#tail++) {
      this.#packedBytes -= this.#lengths[this.#slot(this.#tail)] ?? 0;
      this.#forget(this.#tail);
    }
    const isSlack =
      this.#bytes.length > maxSlack * this.#packedBytes + leastBytes ||
      this.#starts.length > maxSlack * (this.#head - this.#tail) + leastSlots;
    if (isSlack) this.shrinkToFit();
  }

  /** Frees the memory that no message takes. */
  shrinkToFit(): void {
    const count = this.#head - this.#tail;
    this.#resize(this.#packedBytes, count === 0 ? 0 : 2 ** Math.ceil(Math.log2(count)));
  }

  #slot(cursor: number): number {
    return cursor & (this.#starts.length - 1); // The number of slots is a power of two.
  }

  #objectAt(cursor: number): EncodedMessage | undefined {
    return this.#objects.size === 0 ? undefined : this.#objects.get(cursor);
  }

  #keep(cursor: number, message: EncodedMessage): void {
    this.#objects.set(cursor, message);
    this.#objectBytes += message.bytes.length + messageCostBytes;
  }

  #forget(cursor: number): void {
    const object = this.#objectAt(cursor);
    if (object === undefined) return;
    this.#objects.delete(cursor);
    this.#objectBytes -= object.bytes.length + messageCostBytes;
  }

  #makePlace(length: number): number {
    const start = this.#placeFor(length);
    if (start !== noPlace) return start;
    const grown = Math.max(leastBytes, Math.ceil(growth * this.#bytes.length), this.#packedBytes + length);
    this.#resize(grown, this.#starts.length);
    return this.#placeFor(length);
  }

  /** Returns where a message of this length fits without a break. */
  #placeFor(length: number): number {
    if (this.#packedBytes === 0) return length <= this.#bytes.length ? 0 : noPlace;
    const oldest = this.#starts[this.#slot(this.#tail)] ?? 0;
    if (this.#end <= oldest) return this.#end + length < oldest ? this.#end : noPlace;
    if (this.#end + length <= this.#bytes.length) return this.#end;
    return length < oldest ? 0 : noPlace;
  }

  /** Moves all messages to arrays of these sizes. */
  #resize(bytes: number, slots: number): void {
    const old = { bytes: this.#bytes, starts: this.#starts, lengths: this.#lengths, isPlain: this.#isPlain };
    this.#bytes = new Uint8Array(bytes);
    this.#starts = new Int32Array(slots);
    this.#lengths = new Int32Array(slots);
    this.#isPlain = new Uint8Array(slots);
    this.#end = 0;
    for (let cursor = this.#tail; cursor < this.#head; cursor++) {
      const from = cursor & (old.starts.length - 1);
      const slot = this.#slot(cursor);
      const [start, length] = [old.starts[from] ?? 0, old.lengths[from] ?? 0];
      this.#bytes.set(old.bytes.subarray(start, start + length), this.#end);
      this.#starts[slot] = this.#end;
      this.#lengths[slot] = length;
      this.#isPlain[slot] = old.isPlain[from] ?? 0;
      this.#end += length;
    }
  }
}
