import { type HistoryResponse, Kind, type Message, type SeenChat } from '@parley/contract';

/** A room in which a user has not acknowledged everything. */
export interface UndeliveredRoom {
  readonly channelId: number;
  readonly log: string;
  /** The last seq that the user has acknowledged, or the last one before the user joined. */
  readonly afterSeq: number;
  /** The end of the log, or of the stay of a former member. */
  readonly untilSeq: number;
  /** Whether the user was removed from the room. */
  readonly isFormer: boolean;
}

/** A part of a room to read from its history. */
export interface BacklogPart {
  readonly channelId: number;
  readonly afterSeq: number;
  readonly untilSeq: number;
}

/** Content of one part of the history for the client. */
export interface Batch {
  readonly messages: readonly Message[];
  /** Whether another batch follows the acknowledgement of this one. */
  readonly more: boolean;
  /** Seq to record as delivered, because nothing up to it needs an acknowledgement; 0: none. */
  readonly deliveredSeq: number;
  /** Whether the part is lost, because the room keeps no messages. */
  readonly isLost: boolean;
}

interface RoomPlace {
  readonly log: string;
  /** The client was told everything up to this seq. */
  toldSeq: number;
  /** The client must be told everything up to this seq. It is behind while it is beyond `toldSeq`. */
  untilSeq: number;
  /** The last message that the client was told of. */
  shownSeq: number;
  /** The last message of the last batch. */
  batchSeq: number;
  /** The last seq that the client has acknowledged. */
  ackedSeq: number;
  isFormer: boolean;
}

const nothing: Batch = { messages: [], more: false, deliveredSeq: 0, isLost: false };

function placeAt(log: string, seq: number): RoomPlace {
  return { log, toldSeq: seq, untilSeq: seq, shownSeq: 0, batchSeq: 0, ackedSeq: 0, isFormer: false };
}

/**
 * Progress of one client in each of its rooms, without I/O. A room in which the client lacks
 * messages is *behind*: its messages come from the history, in batches, each after the client has
 * acknowledged the one before. New messages of the room join them, so that each room keeps its order.
 */
export class Backlog {
  readonly #userId: string;
  readonly #places = new Map<number, RoomPlace>();
  readonly #behind = new Set<number>();
  #reading: RoomPlace | undefined;

  constructor(userId: string) {
    this.#userId = userId;
  }

  /** Begins with the ends of the logs at which live events begin, and with what is undelivered. */
  begin(ends: readonly SeenChat[], undelivered: readonly UndeliveredRoom[]): void {
    for (const { channelId, log, seq } of ends) this.#places.set(channelId, placeAt(log, seq));
    for (const { channelId, log, afterSeq, untilSeq, isFormer } of undelivered) {
      const known = this.#places.get(channelId);
      if (known === undefined && !isFormer) continue; // The user joins it now, and its events follow.
      const place = known ?? { ...placeAt(log, untilSeq), isFormer };
      this.#places.set(channelId, place);
      if (place.log !== log || afterSeq >= place.untilSeq) continue;
      place.toldSeq = afterSeq;
      this.#behind.add(channelId);
    }
  }

  /** Returns the log of a room in which the user is or was, or undefined if there is none. */
  logOf(channelId: number): string | undefined {
    return this.#places.get(channelId)?.log;
  }

  /** Returns whether the user has left a room or was removed from it. */
  isFormer(channelId: number): boolean {
    return this.#places.get(channelId)?.isFormer === true;
  }

  /** Notes a live message. Returns whether to show it now, because the room is not behind. */
  arrived(channelId: number, seq: number, needsAck: boolean): boolean {
    const place = this.#placeOf(channelId);
    const isBehind = this.#behind.has(channelId);
    place.untilSeq = Math.max(place.untilSeq, seq);
    if (isBehind) return false;
    place.toldSeq = place.untilSeq;
    if (needsAck) place.shownSeq = seq;
    return true;
  }

  /** Notes a live change of a message. Returns whether to show it: otherwise the batches contain it. */
  changed(channelId: number, seq: number, targetSeq: number): boolean {
    const place = this.#placeOf(channelId);
    if (this.#behind.has(channelId)) return targetSeq <= place.toldSeq;
    place.toldSeq = Math.max(place.toldSeq, seq);
    place.untilSeq = place.toldSeq;
    return true;
  }

  /** Notes that live entries are missing. */
  missed(channelId: number, from: number, to: number): void {
    const place = this.#placeOf(channelId);
    if (!this.#behind.has(channelId)) place.toldSeq = from - 1;
    place.untilSeq = Math.max(place.untilSeq, to);
    this.#behind.add(channelId);
  }

  /** Notes that the user has joined a room. */
  joined(channelId: number, log: string): void {
    const place = this.#places.get(channelId);
    if (place?.log === log) place.isFormer = false;
    else this.restarted(channelId, log);
  }

  /** Notes that the user has left a room. What was said until then can still be delivered. */
  left(channelId: number): void {
    const place = this.#places.get(channelId);
    if (place !== undefined) place.isFormer = true;
  }

  /** Notes that the log of a room has started again. */
  restarted(channelId: number, log: string): void {
    this.#behind.delete(channelId);
    this.#places.set(channelId, placeAt(log, 0));
  }

  /** Notes what this client has acknowledged. It needs nothing more up to there. */
  acknowledged(channelId: number, seq: number): void {
    const place = this.#places.get(channelId);
    if (place === undefined) return;
    place.ackedSeq = Math.max(place.ackedSeq, seq);
    place.toldSeq = Math.max(place.toldSeq, Math.min(seq, place.untilSeq));
    if (place.toldSeq === place.untilSeq) this.#behind.delete(channelId);
  }

  /** Notes the receipt of the user. Returns whether another client of the user has moved it. */
  moved(channelId: number, seq: number): boolean {
    const place = this.#places.get(channelId);
    if (place === undefined || seq <= place.ackedSeq) return false;
    place.ackedSeq = seq;
    return true;
  }

  /** Returns the next part to read. Call `filled` or `abandon` before you ask for another one. */
  next(): BacklogPart | undefined {
    if (this.#reading !== undefined) return undefined;
    for (const channelId of this.#behind) {
      const place = this.#placeOf(channelId);
      if (place.ackedSeq < place.batchSeq) continue;
      this.#reading = place;
      return { channelId, afterSeq: place.toldSeq, untilSeq: place.untilSeq };
    }
    return undefined;
  }

  /** Notes the page that was read of a part, and returns the batch for the client. */
  filled({ channelId, untilSeq }: BacklogPart, { messages, more, log }: HistoryResponse): Batch {
    const place = this.#takeReading(channelId);
    if (place === undefined) return nothing;
    if (log !== place.log || log === '') return this.#giveUp(channelId, place, log);
    const page = messages.filter(({ seq }) => seq > place.toldSeq && seq <= place.untilSeq);
    const lastSeq = messages.at(-1)?.seq ?? 0;
    const endSeq = more && messages.length > 0 ? lastSeq : Math.max(untilSeq, lastSeq);
    place.toldSeq = Math.max(place.toldSeq, Math.min(endSeq, place.untilSeq));
    if (place.toldSeq >= place.untilSeq) this.#behind.delete(channelId);
    const shown = page.filter((one) => this.#needsDelivery(one));
    const isMore = this.#behind.has(channelId);
    if (shown.length === 0) return { ...nothing, more: isMore, deliveredSeq: this.#deliveredBy(place) };
    place.shownSeq = shown.at(-1)?.seq ?? 0;
    place.batchSeq = place.shownSeq;
    return { ...nothing, messages: shown.map((one) => ({ ...one, channelId })), more: isMore };
  }

  /** Stops reading a room that the user may not read any more. */
  abandon({ channelId }: BacklogPart): void {
    const place = this.#takeReading(channelId);
    if (place !== undefined) this.#giveUp(channelId, place, place.log);
  }

  /** Returns the room that was being read, or undefined if its log has started again since. */
  #takeReading(channelId: number): RoomPlace | undefined {
    const place = this.#reading;
    this.#reading = undefined;
    return this.#places.get(channelId) === place ? place : undefined;
  }

  #giveUp(channelId: number, place: RoomPlace, log: string): Batch {
    place.toldSeq = place.untilSeq;
    this.#behind.delete(channelId);
    return { ...nothing, isLost: log === '' };
  }

  /** A message of the user itself is delivered already, and one that was deleted cannot be. */
  #needsDelivery({ kind, sender, deleted }: Message): boolean {
    return kind === Kind.UNSPECIFIED && sender !== this.#userId && !deleted;
  }

  #deliveredBy(place: RoomPlace): number {
    if (place.ackedSeq < place.shownSeq) return 0;
    place.ackedSeq = Math.max(place.ackedSeq, place.toldSeq);
    return place.toldSeq;
  }

  #placeOf(channelId: number): RoomPlace {
    const place = this.#places.get(channelId) ?? placeAt('', 0);
    this.#places.set(channelId, place);
    return place;
  }
}
