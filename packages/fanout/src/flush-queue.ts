/** Something that writes what it has when it is its turn. */
export interface Flushable {
  pump(): void;
}

/** Gathers what became ready during one turn of the loop and pumps each once at its end. */
export class FlushQueue {
  readonly #ready = new Set<Flushable>();
  readonly #atTurnEnd: (run: () => void) => void;
  readonly #failed: (cause: unknown) => void;

  /** `atTurnEnd` is `setImmediate`, or what a test steps by hand. */
  constructor(atTurnEnd: (run: () => void) => void, failed: (cause: unknown) => void) {
    this.#atTurnEnd = atTurnEnd;
    this.#failed = failed;
  }

  add(pumped: Flushable): void {
    if (this.#ready.size === 0) this.#atTurnEnd(() => this.#flush());
    this.#ready.add(pumped);
  }

  #flush(): void {
    const ready = [...this.#ready];
    this.#ready.clear();
    for (const pumped of ready) {
      try {
        pumped.pump();
      } catch (cause) {
        this.#failed(cause);
      }
    }
  }
}
