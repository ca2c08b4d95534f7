/** Maximum number of readers that are named. */
const mostNamed = 10;

/** The last message of this user, and the users who have read it. */
export interface LastRead {
  readonly seq: number;
  /** Ids of the first readers. */
  readonly readers: readonly string[];
  /** Number of further readers. */
  readonly others: number;
}

/** Positions up to which the other users have read, and the last message of this user. */
export class Readers {
  readonly #readSeqs = new Map<string, number>();
  #lastOwnSeq = 0;

  /** Records a message of this user. Returns its readers if it already has some. */
  sent(seq: number): LastRead | undefined {
    if (seq <= this.#lastOwnSeq) return undefined;
    this.#lastOwnSeq = seq;
    return this.#lastRead();
  }

  /**
   * Records the positions up to which users have read. If the last message of this user has new
   * readers, returns all its readers.
   */
  read(readSeqs: Iterable<readonly [userId: string, readSeq: number]>): LastRead | undefined {
    let isNews = false;
    for (const [userId, readSeq] of readSeqs) {
      const known = this.#readSeqs.get(userId) ?? 0;
      this.#readSeqs.set(userId, Math.max(known, readSeq));
      isNews ||= known < this.#lastOwnSeq && readSeq >= this.#lastOwnSeq;
    }
    return isNews ? this.#lastRead() : undefined;
  }

  /** Forgets everything. Call it when the channel has another log. */
  clear(): void {
    this.#lastOwnSeq = 0;
    this.#readSeqs.clear();
  }

  #lastRead(): LastRead | undefined {
    const seq = this.#lastOwnSeq;
    const readers = [...this.#readSeqs].filter(([, readSeq]) => readSeq >= seq).map(([userId]) => userId);
    const others = Math.max(0, readers.length - mostNamed);
    return readers.length === 0 ? undefined : { seq, readers: readers.slice(0, mostNamed), others };
  }
}
