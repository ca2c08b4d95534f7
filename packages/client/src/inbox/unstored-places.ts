import type { Message } from '@parley/contract';

/**
 * Number of positions on the later stream after which two streams no longer overlap. The first
 * position comes right after the welcome, and the second a few seconds later.
 */
const overlapPositions = 2;

/**
 * Finds repeated entries in chats without history while two streams overlap. Keeps the last entry
 * of each such chat. In these chats, seqs start again with each owning server, so an entry counts
 * as repeated only if neither its seq nor its time is newer.
 */
export class UnstoredPlaces {
  readonly #last = new Map<number, Pick<Message, 'seq' | 'timestamp'>>();
  #positionsLeft = 0;

  /** Records that another stream is being opened. */
  overlap(): void {
    this.#positionsLeft = overlapPositions;
  }

  /** Records a position of the current stream. */
  passed(): void {
    this.#positionsLeft -= 1;
    if (this.#positionsLeft <= 0) this.#last.clear();
  }

  /** Records an entry. Returns false if it has already arrived. */
  take({ channelId, seq, timestamp }: Message): boolean {
    if (this.#positionsLeft <= 0) return true;
    const last = this.#last.get(channelId);
    if (last !== undefined && seq <= last.seq && timestamp <= last.timestamp) return false;
    this.#last.set(channelId, { seq, timestamp });
    return true;
  }
}
