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

/** What of a channel stays as it is while one server owns it. */
export interface ChannelFacts {
  readonly id: number;
  readonly kind: 'room' | 'direct' | 'group' | 'public' | 'private';
  readonly epoch: number;
  /** Names the sequence; made at load where nothing is kept. */
  readonly log: string;
  /** False: what is said is relayed, and numbered from 1 in memory. */
  readonly hasHistory: boolean;
  /** The last seq that was given before this server loaded the channel. */
  readonly lastSeq: number;
}

/** What can change meanwhile. */
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
  /** Of all channels. */
  readonly memory: DedupeMemory;
  /** The same. */
  readonly ringMemory?: RingMemory;
}

/** What a channel is opened with. */
export interface LoadedChannel {
  readonly facts: ChannelFacts;
  readonly settings: ChannelSettings;
}

interface Occupant {
  readonly person: Person;
  readonly reader: Subscriber;
}

/** A channel while this process owns it: its logs, who is in it, its next seq. */
export class LiveChannel {
  readonly facts: ChannelFacts;
  settings: ChannelSettings;
  readonly rings: ChannelRings;
  readonly rateLimiter: MessageRateLimiter;
  readonly senders: SenderRateLimiters;
  readonly slowMode = new SlowMode();
  readonly sent: DedupeCache;
  /** True once another server has it, or is to have it: nothing more is said here. */
  moving = false;
  /** In the database, as of the last sweep. */
  stored: StoredUsage = { bytes: 0, rows: 0 };
  /** Shows what others wrote, and looks at members and settings when they change. */
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

  /** How many users are here; one with two seats counts once. */
  get users(): number {
    return this.#seatsOf.size;
  }

  get seats(): number {
    return this.#occupants.size;
  }

  /** Since when nobody has been here; undefined while somebody is. */
  get emptySinceMs(): number | undefined {
    return this.#emptySinceMs;
  }

  /** Up to `most` of the users here, each once. */
  people(most: number): Person[] {
    const found = new Map<string, Person>();
    for (const { person } of this.#occupants.values()) {
      if (found.size === most) break;
      found.set(person.id, person);
    }
    return [...found.values()];
  }

  /** Shows the next entry to everybody; its seq is the one behind the last. */
  show(frame: EncodedMessage): void {
    const { amendment } = frame;
    if (amendment !== undefined) this.#amendments.apply(amendment, this.#cursorOf(amendment.target));
    this.#lastSeq += 1;
    this.#publish(frame);
  }

  /** Nothing below this seq is shown any more; who is ready gets first what waits. */
  trimTo(firstSeq: number): void {
    if (firstSeq <= this.#firstSeq) return;
    this.#firstSeq = firstSeq;
    this.flush();
    this.rings.entries.dropBefore(this.#cursorOf(firstSeq));
    this.#amendments.withdrawBelow(firstSeq);
  }

  /** Memory of its rings. */
  get ringBytes(): number {
    return this.rings.entries.memoryBytes + this.rings.lossy.memoryBytes;
  }

  /** Shrinks the rings to this memory; a ready reader gets first what waits. */
  shrinkRings(maxBytes: number): void {
    this.flush();
    const { entries, lossy } = this.rings;
    entries.shrinkTo(Math.max(0, maxBytes - lossy.memoryBytes));
    lossy.shrinkTo(Math.max(0, maxBytes - entries.memoryBytes));
  }

  /** Frees what this process counts for the channel. Readers that are left keep their place until they end. */
  end(): void {
    this.sent.end();
    for (const ring of [this.rings.entries, this.rings.lossy]) ring.release();
  }

  #cursorOf(seq: number): number {
    return this.rings.entries.head - (this.#lastSeq - seq) - 1;
  }

  /** Where in the entries a reader continues that has seen `seq`; undefined where that is no longer, or not yet, known. */
  cursorAfter(seq: number): number | undefined {
    const cursor = this.#cursorOf(seq + 1);
    if (seq + 1 < this.#firstSeq) return undefined;
    return seq > this.#lastSeq || cursor < this.rings.entries.tail ? undefined : cursor;
  }

  /** True where this is the user's first seat here. */
  enter(seat: string, person: Person, reader: Subscriber): boolean {
    const seats = this.#seatsOf.get(person.id) ?? 0;
    this.#occupants.set(seat, { person, reader });
    this.#seatsOf.set(person.id, seats + 1);
    this.#emptySinceMs = undefined;
    return seats === 0;
  }

  /** True where that was the user's last seat here. */
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

  /** A burst is written before it could push a ready reader off the ring. */
  #publish(frame: EncodedMessage): void {
    this.rings.entries.push(frame);
    this.#unflushedBytes += frame.bytes.length;
    if (this.#unflushedBytes > this.#flushBytes) this.flush();
    else this.#flushQueue.add(this);
  }

  /** A frame for those who are here and ready now. */
  publishLossy(frame: EncodedMessage): void {
    this.rings.lossy.push(frame);
    this.#flushQueue.add(this);
  }

  flush(): void {
    this.#unflushedBytes = 0;
    for (const { reader } of this.#occupants.values()) reader.flush();
  }
}
