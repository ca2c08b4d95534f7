import type { Message } from '@parley/contract';

/**
 * Number of positions after which two streams no longer overlap. The first position follows the
 * welcome at once, the second one some seconds later.
 */
const overlapPositions = 2;

/**
 * The last entry of each chat without history while two streams overlap: the later one may bring an
 * entry that came on the earlier one. Seqs start again with each owner of such a chat, so that a
 * repeated entry is one that has no newer time either.
 */
export class UnstoredPlaces {
  readonly #last = new Map<number, Pick<Message, 'seq' | 'timestamp'>>();
  #positionsLeft = 0;

  /** Records that another stream is being opened. */
  overlap(): void {
    this.#positionsLeft = overlapPositions;
  }

  /** Records a position of the present stream. */
  passed(): void {
    this.#positionsLeft -= 1;
    if (this.#positionsLeft <= 0) this.#last.clear();
  }

  /** Records an entry. Returns false if it came already. */
  take({ channelId, seq, timestamp }: Message): boolean {
    if (this.#positionsLeft <= 0) return true;
    const last = this.#last.get(channelId);
    if (last !== undefined && seq <= last.seq && timestamp <= last.timestamp) return false;
    this.#last.set(channelId, { seq, timestamp });
    return true;
  }
}
