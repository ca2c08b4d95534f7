/**
 * Bounds the bytes that the requests of one process hold between their arrival and their answer, and shares them fairly:
 * where all is used up, a connection still gets its even share, so a flood on some connections keeps nobody else out.
 * Together the connections hold at most twice the bytes.
 */
export class RequestBudget {
  readonly #bytes: number;
  readonly #byConnection = new Map<object, number>();
  #held = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** What all requests hold now, in bytes. */
  get held(): number {
    return this.#held;
  }

  /** Counts bytes that a request brings. False: it must be refused, and nothing was counted. */
  take(connection: object, bytes: number): boolean {
    const own = (this.#byConnection.get(connection) ?? 0) + bytes;
    if (this.#held + bytes > this.#bytes && own > this.#evenShare(connection)) return false;
    this.#byConnection.set(connection, own);
    this.#held += bytes;
    return true;
  }

  /** Gives back what was taken. */
  give(connection: object, bytes: number): void {
    const left = (this.#byConnection.get(connection) ?? 0) - bytes;
    if (left > 0) this.#byConnection.set(connection, left);
    else this.#byConnection.delete(connection);
    this.#held -= bytes;
  }

  #evenShare(connection: object): number {
    const others = this.#byConnection.size - (this.#byConnection.has(connection) ? 1 : 0);
    return this.#bytes / (others + 1);
  }
}
