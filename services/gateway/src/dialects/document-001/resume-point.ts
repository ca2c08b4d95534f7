import { limits, refuse } from '@parley/runtime';
import { type LogPlace, shortLog } from '../../inbox/position.js';

/** Maximum number of places in an id. If more chats are busy, a resume repeats some of their events. */
export const maxPlacesInId = 200;

const place = /^([0-9a-f]{8})\.(\d{1,10})\.(\d{1,16})$/;
const maxCharacters = limits.headersBytes;

/**
 * The position from which a stream resumes, and the last entries that were shown after that
 * position.
 */
export interface ResumePoint {
  readonly position: string;
  readonly places: readonly LogPlace[];
}

function placeOf(text: string): LogPlace {
  const [, log = '', channelId, seq] = place.exec(text) ?? [];
  if (log === '') throw refuse('invalid-position');
  return { log, channelId: Number(channelId), seq: Number(seq) };
}

/**
 * Reads the id of an event, or a position of the inbox. Returns undefined for an empty text.
 * @throws {Refusal} `invalid-position`
 */
export function readResumePoint(text: string): ResumePoint | undefined {
  if (text === '') return undefined;
  const [position = '', ...places] = text.split('~');
  if (text.length > maxCharacters || places.length > maxPlacesInId) throw refuse('invalid-position');
  return { position, places: places.map(placeOf) };
}

/**
 * The ids of one stream: the newest position of the inbox, and after it the last entry of each
 * channel that was shown since. Each id is therefore a point from which another gateway can resume.
 */
export class EventIds {
  #position: string;
  /** Places of all channels but the newest. */
  readonly #places = new Map<number, string>();
  /** The channel of the newest event; 0: none. */
  #last = 0;
  #lastSeq = '';
  /** The end of the id without the seq. */
  #lastPlace = '';
  /**
   * The line without the last seq, which is the only part that changes while events come from one
   * channel.
   */
  #beginning = '';
  readonly #logOf: (channelId: number) => string | undefined;

  /** `logOf` returns the id of the current log of a channel. */
  constructor(start: ResumePoint | undefined, logOf: (channelId: number) => string | undefined) {
    this.#position = start?.position ?? '';
    this.#logOf = logOf;
    for (const { channelId, log, seq } of start?.places ?? [])
      this.#places.set(channelId, `~${log}.${channelId}.${seq}`);
  }

  /** Continues from a newer position, which includes everything that was shown. */
  restart(position: string): void {
    this.#position = position;
    this.#places.clear();
    this.#last = 0;
  }

  /** Forgets a channel that has another log or that the user has left. */
  forget(channelId: number): void {
    this.#keepLast();
    this.#places.delete(channelId);
  }

  /** Notes that an entry is being shown. */
  note(channelId: number, seq: string): void {
    if (channelId !== this.#last) this.#turnTo(channelId);
    if (this.#last === channelId) this.#lastSeq = seq;
  }

  /** Returns the line with the id; empty if there is no position yet. */
  get line(): string {
    if (this.#position === '') return '';
    return this.#last === 0 ? `id: ${this.#idOfPlaces}\n` : `${this.#beginning}${this.#lastSeq}\n`;
  }

  get #idOfPlaces(): string {
    return this.#position + [...this.#places.values()].join('');
  }

  #keepLast(): void {
    if (this.#last !== 0) this.#places.set(this.#last, this.#lastPlace + this.#lastSeq);
    this.#last = 0;
  }

  #turnTo(channelId: number): void {
    const log = this.#logOf(channelId);
    this.#keepLast();
    if (log === undefined || log === '') return;
    if (!this.#places.has(channelId) && this.#places.size >= maxPlacesInId) return;
    this.#places.delete(channelId);
    this.#lastPlace = `~${shortLog(log)}.${channelId}.`;
    this.#beginning = `id: ${this.#idOfPlaces}${this.#lastPlace}`;
    this.#last = channelId;
  }
}
