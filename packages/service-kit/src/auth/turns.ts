import { refuse } from '@parley/runtime';

/** So many at once of each, and so many more who wait for their turn. */
export class KeyedSemaphore {
  readonly #atOnce: number;
  readonly #waiting: number;
  readonly #running = new Map<string, number>();
  readonly #lines = new Map<string, (() => void)[]>();

  constructor(atOnce: number, waiting: number) {
    this.#atOnce = atOnce;
    this.#waiting = waiting;
  }

  /**
   * Resolves when it is the turn of this one; `pass` must follow.
   * @throws {Refusal} `too-busy` where too many wait.
   */
  async take(who: string): Promise<void> {
    const running = this.#running.get(who) ?? 0;
    if (running < this.#atOnce) {
      this.#running.set(who, running + 1);
      return;
    }
    const line = this.#lines.get(who) ?? [];
    if (line.length >= this.#waiting) throw refuse('too-busy');
    this.#lines.set(who, line);
    await new Promise<void>((resolve) => line.push(resolve));
  }

  /** The turn is over: the next in line has it. */
  pass(who: string): void {
    const line = this.#lines.get(who) ?? [];
    const next = line.shift();
    if (line.length === 0) this.#lines.delete(who);
    if (next !== undefined) next();
    else this.#end(who);
  }

  #end(who: string): void {
    const left = (this.#running.get(who) ?? 1) - 1;
    if (left > 0) this.#running.set(who, left);
    else this.#running.delete(who);
  }
}
