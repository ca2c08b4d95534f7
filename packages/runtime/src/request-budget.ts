/**
 * Limits the memory of unanswered requests in one process and shares it fairly between connections.
 * Once all of it is used, each connection still gets its even share, so a flood on some connections
 * does not lock out the others. As a result, n connections together hold at most 1 + 1/2 + ... +
 * 1/n times the budget: 3.8 times for 24 connections, 7.5 times for 1,000.
 */
export class RequestBudget {
  readonly #bytes: number;
  readonly #byConnection = new Map<object, number>();
  #held = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Bytes that all requests hold now. */
  get held(): number {
    return this.#held;
  }

  /**
   * Reserves bytes for a request. Returns false if nothing was reserved; the request must then be
   * refused.
   */
  take(connection: object, bytes: number): boolean {
    const own = (this.#byConnection.get(connection) ?? 0) + bytes;
    if (this.#held + bytes > this.#bytes && own > this.#evenShare(connection)) return false;
    this.#byConnection.set(connection, own);
    this.#held += bytes;
    return true;
  }

  /** Releases reserved bytes. */
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
