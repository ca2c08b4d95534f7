import { type Rate, Throughput } from './meter.js';

/** One bound for each user of a channel, however many streams the user has there. */
export class Throughputs {
  readonly #rate: Rate;
  readonly #of = new Map<string, Throughput>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  of(userId: string): Throughput {
    const known = this.#of.get(userId);
    if (known !== undefined) return known;
    const fresh = new Throughput(this.#rate);
    this.#of.set(userId, fresh);
    return fresh;
  }

  forget(userId: string): void {
    this.#of.delete(userId);
  }
}
