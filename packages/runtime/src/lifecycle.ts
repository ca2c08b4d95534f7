import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from './log.js';

/** Something that runs until it is told to stop. `stop` may be called twice. */
export interface Part {
  stop(): Promise<void> | void;
}

/** The running parts of a process, stopped in reverse order of their start. */
export class Lifecycle implements Part {
  readonly #parts: { name: string; part: Part }[] = [];
  readonly #log: Logger;
  #stopping: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Remembers a part that now runs, and gives it back. */
  add<P extends Part>(name: string, part: P): P {
    this.#parts.push({ name, part });
    return part;
  }

  /** Stops all parts, the last one first; one that fails is logged and does not hold up the others. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    for (const { name, part } of this.#parts.toReversed()) {
      try {
        await part.stop();
      } catch (cause) {
        this.#log.error({ err: cause, part: name }, 'a part did not stop cleanly');
      }
    }
  }
}

/** What comes of it, or undefined where that takes longer. */
export function atMost<T>(work: Promise<T>, withinMs: number): Promise<T | undefined> {
  return Promise.race([work, pause(withinMs, undefined, { ref: false })]);
}

/** Of the time between two calls so much is left alone, however long the first one took. */
const leastPause = 0.25;

/**
 * Calls `work` every `everyMs`, from start to start, with up to `jitter` (0..1) of it added or taken, one call at a time and
 * a quarter of it behind the last one at least; a failure goes to `failed`.
 */
export function repeat(
  everyMs: number,
  jitter: number,
  work: () => Promise<void>,
  failed: (cause: unknown) => void,
): Part {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let startedAt = 0;
  const next = () => {
    if (stopped) return;
    const waitMs = everyMs * (1 + jitter * (2 * Math.random() - 1));
    timer = setTimeout(turn, Math.max(waitMs * leastPause, waitMs - (performance.now() - startedAt)));
  };
  const turn = () => {
    startedAt = performance.now();
    running = Promise.resolve().then(work).catch(failed).finally(next);
  };
  turn();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
