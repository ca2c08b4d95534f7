/** Bytes that one response or stream holds for a client that has not read them. */
export interface UnreadBytes {
  /** Sets the bytes that are held now. */
  set(bytes: number): void;
}

/** The unread bytes of one client, by response, each with the function that drops it. */
class UnreadOfCaller {
  bytes = 0;
  readonly drops = new Map<object, () => void>();
}

/**
 * Limits the memory of everything in one process that clients have not read. Beyond the limit,
 * drops everything of the caller with the most unread bytes.
 * @example
 * ```ts
 * import { UnreadBudget } from '@parley/runtime';
 *
 * const budget = new UnreadBudget(100);
 * const anns = budget.open(() => 'ann', () => console.log('dropped'));
 * budget.open(() => 'bob', () => {}).set(40);
 * anns.set(61); // prints "dropped"
 * ```
 */
export class UnreadBudget {
  readonly #bytes: number;
  readonly #callers = new Map<unknown, UnreadOfCaller>();
  #held = 0;
  #dropped = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Bytes that all callers hold now. */
  get held(): number {
    return this.#held;
  }

  /** Number of responses and streams that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Starts counting the unread bytes of a new response. `callerOf` is called when the response
   * first holds some. `drop` is called at most once; afterwards nothing is counted.
   */
  open(callerOf: () => unknown, drop: () => void): UnreadBytes {
    const key = {};
    let caller: unknown;
    let held = 0;
    let isDropped = false;
    const dropThis = () => {
      isDropped = true;
      held = 0;
      this.#dropped += 1;
      drop();
    };
    return {
      set: (bytes) => {
        if (isDropped || bytes === held) return;
        if (held === 0) caller = callerOf();
        const before = held;
        held = bytes;
        this.#change(caller, key, bytes - before, bytes > 0 ? dropThis : undefined);
      },
    };
  }

  #change(caller: unknown, key: object, bytes: number, drop: (() => void) | undefined): void {
    const own = this.#callers.get(caller) ?? new UnreadOfCaller();
    this.#callers.set(caller, own);
    own.bytes += bytes;
    this.#held += bytes;
    if (drop === undefined) own.drops.delete(key);
    else own.drops.set(key, drop);
    if (own.drops.size === 0) this.#callers.delete(caller);
    while (bytes > 0 && this.#held > this.#bytes) this.#dropMost();
  }

  #dropMost(): void {
    let [most] = this.#callers;
    for (const entry of this.#callers) if (entry[1].bytes > (most?.[1].bytes ?? 0)) most = entry;
    if (most === undefined) return;
    const [caller, { bytes, drops }] = most;
    this.#callers.delete(caller);
    this.#held -= bytes;
    for (const drop of drops.values()) drop();
  }
}
