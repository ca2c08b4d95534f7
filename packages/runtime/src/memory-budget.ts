/** Bytes that one request, response or stream holds in memory. */
export interface MemoryHolding {
  /** Sets the bytes that are held now. */
  set(bytes: number): void;
}

/**
 * Memory at one level: that of all callers together, of one caller, of one connection of a caller,
 * or of one holding.
 */
class Share {
  bytes = 0;
  /** Shares that make up this one; empty for a single holding. */
  readonly parts = new Map<unknown, Share>();
  drop: () => void = () => {};

  /** The part with the most bytes; the newest, if several have the same. */
  get largest(): readonly [key: unknown, share: Share] | undefined {
    let [largest] = this.parts;
    for (const part of this.parts) if (part[1].bytes >= (largest?.[1].bytes ?? 0)) largest = part;
    return largest;
  }
}

/**
 * Limits the memory that callers hold in one process. Beyond the limit, the caller that holds the
 * most loses its largest holding. If callers have parts, such as connections, the holding comes
 * from the part that holds the most.
 * @example
 * ```ts
 * import { MemoryBudget } from '@parley/runtime';
 *
 * const budget = new MemoryBudget(100);
 * const anns = budget.open(() => ['ann'], () => console.log('dropped'));
 * budget.open(() => ['bob'], () => {}).set(40);
 * anns.set(61); // prints "dropped"
 * ```
 */
export class MemoryBudget {
  readonly #bytes: number;
  readonly #all = new Share();
  #dropped = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Bytes that all callers hold now. */
  get held(): number {
    return this.#all.bytes;
  }

  /** Number of holdings that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Returns a new holding without bytes. `ownerOf` returns the caller and, if the caller has parts,
   * the part. It is called when the holding first has bytes. `drop` is called at most once, and
   * afterwards nothing is counted.
   */
  open(ownerOf: () => readonly unknown[], drop: () => void): MemoryHolding {
    const key = {};
    let path: readonly unknown[] = [];
    let held = 0;
    let isDropped = false;
    const dropThis = () => {
      isDropped = true;
      this.#dropped += 1;
      drop();
    };
    return {
      set: (bytes) => {
        if (isDropped || bytes === held) return;
        if (held === 0) path = [...ownerOf(), key];
        const change = bytes - held;
        held = bytes;
        this.#add(path, change).drop = dropThis;
        while (change > 0 && this.held > this.#bytes) this.#dropLargest();
      },
    };
  }

  /**
   * Adds bytes to every share along a path, and returns the last one. Forgets shares without bytes.
   */
  #add(path: readonly unknown[], bytes: number): Share {
    let share = this.#all;
    share.bytes += bytes;
    for (const key of path) {
      const part = share.parts.get(key) ?? new Share();
      part.bytes += bytes;
      if (part.bytes > 0) share.parts.set(key, part);
      else share.parts.delete(key);
      share = part;
    }
    return share;
  }

  #dropLargest(): void {
    const path: unknown[] = [];
    let share = this.#all;
    for (let next = share.largest; next !== undefined; next = share.largest) {
      path.push(next[0]);
      [, share] = next;
    }
    this.#add(path, -share.bytes);
    share.drop();
  }
}
