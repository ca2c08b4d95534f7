import type { Amendment, RingBuffer } from '@parley/fanout';

/** Keeps the ring as the log is now: whoever is shown an earlier entry later is not shown words that are gone. */
export class Amendments {
  readonly #ring: RingBuffer;
  /** The newest edit of each target: where it is in the ring, and how it is without its words. The oldest comes first. */
  readonly #edits = new Map<
    number,
    { readonly cursor: number; readonly withdrawn: NonNullable<Amendment['withdrawn']> }
  >();

  constructor(ring: RingBuffer) {
    this.#ring = ring;
  }

  /** Called right before the entry that amends joins the ring; `cursor` is that of its target. */
  apply({ target, apply, withdrawn }: Amendment, cursor: number): void {
    this.#ring.replace(cursor, apply);
    this.withdraw(target);
    if (withdrawn !== undefined) this.#edits.set(target, { cursor: this.#ring.head, withdrawn });
    this.#forget();
  }

  /** The newest edit of this target loses its words. */
  withdraw(target: number): void {
    const edit = this.#edits.get(target);
    if (edit === undefined) return;
    this.#edits.delete(target);
    this.#ring.replace(edit.cursor, edit.withdrawn);
  }

  /** Edits of targets below this seq lose their words. */
  withdrawBelow(seq: number): void {
    for (const target of this.#edits.keys()) if (target < seq) this.withdraw(target);
  }

  /** What has fallen off the ring needs no care. */
  #forget(): void {
    for (const [target, { cursor }] of this.#edits) {
      if (cursor >= this.#ring.tail) return;
      this.#edits.delete(target);
    }
  }
}
