import { ChannelLog, type Frame } from './channel-log.js';
import type { FanOut } from './fan-out.js';
import { Throughput } from './meter.js';
import type { Logs, Reader } from './reader.js';
import { SentBefore } from './sent-before.js';

/** A user as others in the channel see them. */
export interface Person {
  readonly id: string;
  readonly number: number;
  readonly name: string;
}

/** What of the channel's row and head the live channel needs. */
export interface ChannelFacts {
  readonly id: number;
  readonly name: string;
  readonly limit: number;
  readonly epoch: number;
  /** Names the sequence; made at load, because nothing is kept. */
  readonly log: string;
}

export interface ChannelBounds {
  readonly ringBytes: number;
  readonly lossyRingBytes: number;
  readonly writeBytes: number;
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
}

interface Occupant {
  readonly person: Person;
  readonly reader: Reader;
}

/** A channel while this process owns it: its logs, who is in it, its next seq. */
export class LiveChannel {
  readonly facts: ChannelFacts;
  readonly logs: Logs;
  readonly throughput: Throughput;
  readonly sent = new SentBefore();
  readonly #fanOut: FanOut;
  readonly #flushBytes: number;
  readonly #occupants = new Map<string, Occupant>();
  readonly #seatsOf = new Map<string, number>();
  #unflushedBytes = 0;
  #lastSeq = 0;
  #emptySinceMs: number | undefined;

  constructor(facts: ChannelFacts, bounds: ChannelBounds, fanOut: FanOut, nowMs: number) {
    this.facts = facts;
    this.logs = {
      entries: new ChannelLog(bounds.ringBytes, bounds.writeBytes),
      lossy: new ChannelLog(bounds.lossyRingBytes, bounds.writeBytes),
    };
    this.throughput = new Throughput(bounds.messagesPerSecond, bounds.bytesPerSecond);
    this.#fanOut = fanOut;
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

  /** The seq of the next entry. */
  nextSeq(): number {
    this.#lastSeq += 1;
    return this.#lastSeq;
  }

  /** Where in the entries a reader continues that has seen `seq`; undefined where that is no longer, or not yet, known. */
  cursorAfter(seq: number): number | undefined {
    const cursor = this.logs.entries.head - (this.#lastSeq - seq);
    return seq > this.#lastSeq || cursor < this.logs.entries.tail ? undefined : cursor;
  }

  /** True where this is the user's first seat here. */
  enter(seat: string, person: Person, reader: Reader): boolean {
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
    else this.#seatsOf.delete(occupant.person.id);
    if (this.#occupants.size === 0) this.#emptySinceMs = nowMs;
    return seats === 0;
  }

  /** An entry for everybody. A burst is written before it could push a ready reader off the ring. */
  publish(frame: Frame): void {
    this.logs.entries.push(frame);
    this.#unflushedBytes += frame.bytes.length;
    if (this.#unflushedBytes > this.#flushBytes) this.pump();
    else this.#fanOut.add(this);
  }

  /** A frame for those who are here and ready now. */
  publishLossy(frame: Frame): void {
    this.logs.lossy.push(frame);
    this.#fanOut.add(this);
  }

  pump(): void {
    this.#unflushedBytes = 0;
    for (const { reader } of this.#occupants.values()) reader.pump();
  }
}
