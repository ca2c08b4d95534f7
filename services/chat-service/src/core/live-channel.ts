import {
  type ChannelRings,
  type EncodedMessage,
  type FlushQueue,
  type MessageRate,
  MessageRateLimiter,
  RingBuffer,
  type RingMemory,
  type Subscriber,
} from '@parley/fanout';
import { Amendments } from './amendments.js';
import { DedupeCache, type DedupeMemory } from './dedupe-cache.js';
import type { Sequencer } from './sequencer.js';
import { SlowMode } from './slow-mode.js';
import { SenderRateLimiters } from './throughputs.js';
import type { StoredUsage } from './usage.js';

/** A user as others in the channel see them. */
export interface Person {
  readonly id: string;
  readonly number: number;
  readonly name: string;
}

/** Facts about a channel that do not change while one server owns it. */
export interface ChannelFacts {
  readonly id: number;
  readonly kind: 'room' | 'direct' | 'group' | 'public' | 'private';
  readonly epoch: number;
  /** Identifies the numbering of entries. Without history, each load makes a new one. */
  readonly log: string;
  /** Whether the channel has history. If not, messages are relayed and numbered from 1 in memory. */
  readonly hasHistory: boolean;
  /** The last seq that was given before this server loaded the channel. */
  readonly lastSeq: number;
}

/** Settings of a channel that may change while one server owns it. */
export interface ChannelSettings {
  readonly ownerId: string;
  readonly slowModeS: number;
  /** Grows with every change of members and settings. */
  readonly revision: number;
}

export interface ChannelBounds {
  readonly ringBytes: number;
  readonly lossyRingBytes: number;
  readonly writeBytes: number;
  readonly rate: MessageRate;
  readonly senderRate: MessageRate;
  /** Memory for client ids, shared by all channels. */
  readonly memory: DedupeMemory;
  /** Memory for rings, shared by all channels. */
  readonly ringMemory?: RingMemory;
}

/** A channel as the database has it when this server loads it. */
export interface LoadedChannel {
  readonly facts: ChannelFacts;
  readonly settings: ChannelSettings;
}

interface Occupant {
  readonly person: Person;
  readonly reader: Subscriber;
}

/** A channel while this process owns it: its rings, the users in it and its next seq. */
export class LiveChannel {
  readonly facts: ChannelFacts;
  settings: ChannelSettings;
  readonly rings: ChannelRings;
  readonly rateLimiter: MessageRateLimiter;
  readonly senders: SenderRateLimiters;
  readonly slowMode = new SlowMode();
  readonly sent: DedupeCache;
  /** Whether another server has the channel or is about to. Sends are refused then. */
  moving = false;
  /** Sums of the stored entries, as of the last sweep. */
  stored: StoredUsage = { bytes: 0, rows: 0 };
  /** Shows entries that managers wrote, and reads members and settings again after a change. */
  sequencer: Sequencer | undefined;
  readonly #flushQueue: FlushQueue;
  readonly #flushBytes: number;
  readonly #occupants = new Map<string, Occupant>();
  readonly #seatsOf = new Map<string, number>();
  #unflushedBytes = 0;
  readonly #amendments: Amendments;
  #firstSeq = 1;
  #lastSeq: number;
  #emptySinceMs: number | undefined;

  constructor(opening: LoadedChannel, bounds: ChannelBounds, flushQueue: FlushQueue, nowMs: number) {
    this.facts = opening.facts;
    this.settings = opening.settings;
    this.#lastSeq = opening.facts.lastSeq;
    this.rings = {
      entries: new RingBuffer(bounds.ringBytes, bounds.writeBytes, bounds.ringMemory),
      lossy: new RingBuffer(bounds.lossyRingBytes, bounds.writeBytes, bounds.ringMemory),
    };
    this.#amendments = new Amendments(this.rings.entries);
    this.rateLimiter = new MessageRateLimiter(bounds.rate);
    this.senders = new SenderRateLimiters(bounds.senderRate);
    this.sent = new DedupeCache(bounds.memory);
    this.#flushQueue = flushQueue;
    this.#flushBytes = bounds.ringBytes / 2;
    this.#emptySinceMs = nowMs;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Number of users in the channel. A user with two seats counts once. */
  get users(): number {
    return this.#seatsOf.size;
  }

  get seats(): number {
    return this.#occupants.size;
  }

  /** Time since which the channel has been empty; undefined while someone is in it. */
  get emptySinceMs(): number | undefined {
    return this.#emptySinceMs;
  }

  /** Returns up to `most` of the users in the channel, each once. */
  people(most: number): Person[] {
    const found = new Map<string, Person>();
    for (const { person } of this.#occupants.values()) {
      if (found.size === most) break;
      found.set(person.id, person);
    }
    return [...found.values()];
  }

  /** Shows the next entry to everyone. Its seq is the last one plus 1. */
  show(frame: EncodedMessage): void {
    const { amendment } = frame;
    if (amendment !== undefined) this.#amendments.apply(amendment, this.#cursorOf(amendment.target));
    this.#lastSeq += 1;
    this.#publish(frame);
  }

  /** Hides all entries below this seq. Readers that are ready first get what is queued for them. */
  trimTo(firstSeq: number): void {
    if (firstSeq <= this.#firstSeq) return;
    this.#firstSeq = firstSeq;
    this.flush();
    this.rings.entries.dropBefore(this.#cursorOf(firstSeq));
    this.#amendments.withdrawBelow(firstSeq);
  }

  /** Bytes that the rings of the channel hold. */
  get ringBytes(): number {
    return this.rings.entries.memoryBytes + this.rings.lossy.memoryBytes;
  }

  /** Shrinks the rings to this many bytes. Readers that are ready first get what is queued for them. */
  shrinkRings(maxBytes: number): void {
    this.flush();
    const { entries, lossy } = this.rings;
    entries.shrinkTo(Math.max(0, maxBytes - lossy.memoryBytes));
    lossy.shrinkTo(Math.max(0, maxBytes - entries.memoryBytes));
  }

  /** Releases the memory that is counted for the channel. Remaining readers keep their position until they end. */
  end(): void {
    this.sent.end();
    for (const ring of [this.rings.entries, this.rings.lossy]) ring.release();
  }

  #cursorOf(seq: number): number {
    return this.rings.entries.head - (this.#lastSeq - seq) - 1;
  }

  /**
   * Returns the cursor at which a reader that has seen `seq` continues; undefined if the ring no
   * longer has the next entry, or does not have `seq` yet.
   */
  cursorAfter(seq: number): number | undefined {
    const cursor = this.#cursorOf(seq + 1);
    if (seq + 1 < this.#firstSeq) return undefined;
    return seq > this.#lastSeq || cursor < this.rings.entries.tail ? undefined : cursor;
  }

  /** Adds a seat. Returns whether it is the user's first one in the channel. */
  enter(seat: string, person: Person, reader: Subscriber): boolean {
    const seats = this.#seatsOf.get(person.id) ?? 0;
    this.#occupants.set(seat, { person, reader });
    this.#seatsOf.set(person.id, seats + 1);
    this.#emptySinceMs = undefined;
    return seats === 0;
  }

  /** Removes a seat. Returns whether it was the user's last one in the channel. */
  leave(seat: string, nowMs: number): boolean {
    const occupant = this.#occupants.get(seat);
    if (occupant === undefined) return false;
    this.#occupants.delete(seat);
    const seats = (this.#seatsOf.get(occupant.person.id) ?? 1) - 1;
    if (seats > 0) this.#seatsOf.set(occupant.person.id, seats);
    else this.#forget(occupant.person.id);
    if (this.#occupants.size === 0) this.#emptySinceMs = nowMs;
    return seats === 0;
  }

  #forget(userId: string): void {
    this.#seatsOf.delete(userId);
    this.senders.forget(userId);
  }

  /** Puts a frame into the ring. Writes a burst before it could push a ready reader off the ring. */
  #publish(frame: EncodedMessage): void {
    this.rings.entries.push(frame);
    this.#unflushedBytes += frame.bytes.length;
    if (this.#unflushedBytes > this.#flushBytes) this.flush();
    else this.#flushQueue.add(this);
  }

  /** Sends a frame to the readers that are ready now. */
  publishLossy(frame: EncodedMessage): void {
    this.rings.lossy.push(frame);
    this.#flushQueue.add(this);
  }

  flush(): void {
    this.#unflushedBytes = 0;
    for (const { reader } of this.#occupants.values()) reader.flush();
  }
}
