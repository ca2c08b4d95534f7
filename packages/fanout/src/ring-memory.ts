/** Memory that a message in a ring or a queue costs beyond its bytes. Measured with Node 20. */
export const messageCostBytes = 400;

/**
 * Memory of all rings of a process, in bytes.
 * @example
 * ```ts
 * import { RingBuffer, RingMemory } from '@parley/fanout';
 *
 * const rings: RingBuffer[] = [];
 * const memory = new RingMemory(268_435_456, () => rings.at(0)?.shrinkTo(0));
 * rings.push(new RingBuffer(1_048_576, 65_536, memory));
 * ```
 */
export class RingMemory {
  readonly #maxBytes: number;
  readonly #full: () => void;
  #bytes = 0;

  /** `full` is called at each growth beyond `maxBytes`. */
  constructor(maxBytes = Number.POSITIVE_INFINITY, full: () => void = () => {}) {
    this.#maxBytes = maxBytes;
    this.#full = full;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds what a ring has gained or lost. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (bytes > 0 && this.#bytes > this.#maxBytes) this.#full();
  }
}

/**
 * Returns the size that the largest of these sizes must shrink to, so that all together are at most
 * `target`. Infinite if nothing must shrink.
 * @example
 * ```ts
 * import { levelFor } from '@parley/fanout';
 *
 * levelFor([10, 90, 200], 190); // 90: 10 + 90 + 90
 * ```
 */
export function levelFor(sizes: readonly number[], target: number): number {
  let left = target;
  const ascending = [...sizes].sort((one, other) => one - other);
  for (const [at, size] of ascending.entries()) {
    const share = left / (ascending.length - at);
    if (size > share) return share;
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}
