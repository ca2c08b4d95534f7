/** Bytes that one request, response or stream holds in memory. */
export interface MemoryHolding {
  /** Sets the bytes that are held now. */
  set(bytes: number): void;
}

/**
 * Memory at one level: of all callers together, of one caller, of one connection of a caller, or of
 * one holding.
 */
class Share {
  bytes = 0;
  /** Shares that make up this one; empty for a single holding. */
  readonly parts = new Map<unknown, Share>();
  /** The holding, if it is a single one. */
  holding: Holding | undefined;

  /** The part with the most bytes; the newest, if several have the same. */
  get largest(): readonly [key: unknown, share: Share] | undefined {
    let [largest] = this.parts;
    for (const part of this.parts) if (part[1].bytes >= (largest?.[1].bytes ?? 0)) largest = part;
    return largest;
  }
}

/** There is one object for each stream, so it must be small. */
class Holding implements MemoryHolding {
  readonly #budget: MemoryBudget;
  readonly #ownerOf: () => readonly unknown[];
  #drop: (() => void) | undefined;
  #path: readonly unknown[] | undefined;
  #bytes = 0;

  constructor(budget: MemoryBudget, ownerOf: () => readonly unknown[], drop: () => void) {
    this.#budget = budget;
    this.#ownerOf = ownerOf;
    this.#drop = drop;
  }

  set(bytes: number): void {
    if (this.#drop === undefined || bytes === this.#bytes) return;
    this.#path ??= [...this.#ownerOf(), this];
    const path = this.#path;
    const change = bytes - this.#bytes;
    this.#bytes = bytes;
    if (bytes === 0) this.#path = undefined; // The owner may be different the next time.
    this.#budget.change(path, change, this);
  }

  /** Stops counting. */
  drop(): void {
    const drop = this.#drop;
    this.#drop = undefined;
    drop?.();
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
    return new Holding(this, ownerOf, drop);
  }

  /** Changes the bytes of a holding. Beyond the limit, the largest holdings are dropped. */
  change(path: readonly unknown[], bytes: number, holding: Holding): void {
    this.#add(path, bytes).holding = holding;
    while (bytes > 0 && this.held > this.#bytes) this.#dropLargest();
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
    this.#dropped += 1;
    share.holding?.drop();
  }
}
