import { type Part, repeat } from '@parley/runtime';

export interface DeliveryPlan<T> {
  /** Number of deliveries that run at the same time. */
  readonly most: number;
  /** Takes up to `size` deliveries that are due. */
  readonly take: (size: number) => Promise<readonly T[]>;
  readonly deliver: (taken: T) => Promise<void>;
  /** Receives what `take` and `deliver` throw. */
  readonly failed: (cause: unknown) => void;
}

/**
 * Takes deliveries as soon as they are due and there is room for them. A slow one holds up no other.
 * A stop waits for those that run.
 */
export class Deliveries<T> implements Part {
  readonly #plan: DeliveryPlan<T>;
  readonly #running = new Set<Promise<void>>();
  readonly #repeated: Part;
  #stopped = false;

  constructor(plan: DeliveryPlan<T>) {
    this.#plan = plan;
    this.#repeated = repeat(1_000, 0.1, () => this.#run(), plan.failed);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#repeated.stop();
    await Promise.all(this.#running);
  }

  async #run(): Promise<void> {
    const { most, take } = this.#plan;
    while (!this.#stopped) {
      const taken = await take(most - this.#running.size);
      for (const one of taken) this.#start(one);
      if (this.#running.size < most) return;
      await Promise.race(this.#running);
    }
  }

  #start(one: T): void {
    const { deliver, failed } = this.#plan;
    const running: Promise<void> = deliver(one)
      .catch(failed)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}
