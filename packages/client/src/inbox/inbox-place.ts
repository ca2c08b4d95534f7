import type { SeenChat } from '@parley/contract';
import type { LogPosition } from '../core/bookmark.js';

/**
 * Position of an inbox, to resume from. It is plain data, so that it can be stored as JSON.
 */
export interface InboxPlace {
  /** Id of the last position that the server sent; empty if there is none yet. */
  readonly after: string;
  /** The last entry of each chat that has had entries since about that position. */
  readonly seen: readonly SeenChat[];
}

/** Maximum number of chats that the server accepts. */
const maxSeen = 1_000;
/**
 * Number of later positions for which an entry is remembered. A position can be a few seconds older
 * than the entries that precede it on the stream.
 */
const keptPositions = 4;

interface SeenEntry {
  readonly place: LogPosition;
  /** Number of positions that came before the entry. */
  readonly at: number;
}

/** Keeps the position of an inbox up to date. */
export class PlaceTracker {
  #after: string;
  /** The chat with the newest entry comes last. */
  readonly #seen = new Map<number, SeenEntry>();
  #positions = 0;

  constructor({ after, seen }: InboxPlace = { after: '', seen: [] }) {
    this.#after = after;
    for (const { channelId, log, seq } of seen) this.reached(channelId, { log, seq });
  }

  get place(): InboxPlace {
    const seen = [...this.#seen].map(([channelId, { place }]) => ({ channelId, ...place }));
    return { after: this.#after, seen: seen.slice(-maxSeen) };
  }

  /** Records a position of the server. */
  passed(id: string): void {
    this.#after = id;
    this.#positions += 1;
    for (const [channelId, { at }] of this.#seen) {
      if (at > this.#positions - keptPositions) return;
      this.#seen.delete(channelId);
    }
  }

  /** Records that all entries of a chat up to a place have arrived. */
  reached(channelId: number, { log, seq }: LogPosition): void {
    this.#seen.delete(channelId);
    if (log !== '') this.#seen.set(channelId, { place: { log, seq }, at: this.#positions });
  }
}
