import type { Refusal } from '@parley/runtime/refusal';
import { Backoff } from './core/backoff.js';
import { serverDelayMs, type Verdict } from './verdict.js';

/** Opens one stream after the other, with pauses, until the client leaves or an end is final. */
export class Redial {
  readonly #onWait: (why: Refusal, inMs: number) => void;
  readonly #backoff = new Backoff();
  readonly #leaving = new AbortController();
  #wake: () => void = () => {};

  /** `onWait` is called before each pause; the next attempt follows in `inMs`. */
  constructor(onWait: (why: Refusal, inMs: number) => void) {
    this.#onWait = onWait;
  }

  /** Aborts when the client leaves. */
  get signal(): AbortSignal {
    return this.#leaving.signal;
  }

  /**
   * Makes attempts until one is final. Resolves with its refusal, or with undefined after `leave`.
   */
  async run(attempt: () => Promise<Verdict>): Promise<Refusal | undefined> {
    for (;;) {
      const { refusal, again, silently = false } = await attempt();
      if (this.signal.aborted) return undefined;
      if (!again) return refusal;
      if (!silently) await this.#pause(refusal);
      if (this.signal.aborted) return undefined;
    }
  }

  /** Makes the next pauses short again, after a success. */
  succeeded(): void {
    this.#backoff.reset();
  }

  /** Ends the current pause. */
  hurry(): void {
    this.#wake();
  }

  /** Makes no more attempts. */
  leave(): void {
    this.#leaving.abort();
  }

  #pause(refusal: Refusal): Promise<void> {
    const inMs = this.#backoff.next(serverDelayMs(refusal));
    this.#onWait(refusal, inMs);
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, inMs);
      this.#wake = wake;
      this.signal.addEventListener('abort', wake);
    });
  }
}
