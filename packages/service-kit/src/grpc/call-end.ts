/**
 * The end of a call. Most streams last for days and need only a listener. An AbortSignal takes a
 * kilobyte, so it is created on first use.
 * @example
 * ```ts
 * import { CallEnd } from '@parley/service-kit';
 *
 * const end = new CallEnd();
 * end.onOver(() => console.log('over'));
 * end.end(); // prints "over"
 * ```
 */
export class CallEnd {
  #isOver = false;
  #listeners: (() => void)[] = [];
  #controller: AbortController | undefined;

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Aborted when the call is over. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isOver) this.#controller.abort('over');
    return this.#controller.signal;
  }

  /**
   * Calls `listener` once when the call is over. If the call is already over, calls `listener`
   * soon.
   */
  onOver(listener: () => void): void {
    if (this.#isOver) queueMicrotask(listener);
    else this.#listeners.push(listener);
  }

  /** Ends the call. Only the first time counts. A listener that throws does not stop the others. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.abort('over'); // Without a reason, abort would make an exception.
    for (const listener of this.#listeners.splice(0)) {
      try {
        listener();
      } catch (thrown) {
        process.nextTick(() => {
          throw thrown;
        });
      }
    }
  }
}
