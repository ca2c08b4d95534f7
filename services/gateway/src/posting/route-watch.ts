import type { PostRoute } from './post-route.js';

/** Waits for changes of a route. */
export class RouteWatch {
  readonly #unsubscribe: () => void;
  #hasChanged = false;
  #wake = () => {};

  constructor(route: Pick<PostRoute, 'onChange'>) {
    this.#unsubscribe = route.onChange(() => {
      this.#hasChanged = true;
      this.#wake();
    });
  }

  /**
   * Waits until the route has changed since the last call, but at most `withinMs`. Returns whether
   * it has changed.
   */
  async change(withinMs: number): Promise<boolean> {
    if (!this.#hasChanged) await this.#wait(withinMs);
    const hasChanged = this.#hasChanged;
    this.#hasChanged = false;
    return hasChanged;
  }

  #wait(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  stop(): void {
    this.#unsubscribe();
  }
}
