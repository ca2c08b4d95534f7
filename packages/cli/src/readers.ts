/** The users who have read the last message of this user. */
export class Readers {
  readonly #readers = new Set<string>();
  #lastOwnSeq = 0;

  /** Records a message of this user. */
  sent(seq: number): void {
    if (seq <= this.#lastOwnSeq) return;
    this.#lastOwnSeq = seq;
    this.#readers.clear();
  }

  /** Records a receipt. Returns the seq and all its readers if this user is a new one. */
  read(userId: string, readSeq: number): { seq: number; readers: readonly string[] } | undefined {
    if (this.#lastOwnSeq === 0 || readSeq < this.#lastOwnSeq || this.#readers.has(userId)) return undefined;
    this.#readers.add(userId);
    return { seq: this.#lastOwnSeq, readers: [...this.#readers] };
  }

  /** Forgets everything, because the log is a different one. */
  clear(): void {
    this.#lastOwnSeq = 0;
    this.#readers.clear();
  }
}
