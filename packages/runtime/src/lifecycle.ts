import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from './log.js';

/** A running part of a process. `stop` can be called more than once. */
export interface Part {
  stop(): Promise<void> | void;
}

/** Holds the running parts of a process and stops them in reverse order of their start. */
export class Lifecycle implements Part {
  readonly #parts: { name: string; part: Part }[] = [];
  readonly #log: Logger;
  #stopping: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Adds a running part and returns it. `name` is for the log. */
  add<P extends Part>(name: string, part: P): P {
    this.#parts.push({ name, part });
    return part;
  }

  /**
   * Stops all parts, the last one first. If a part fails to stop, logs that and continues with the
   * others.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    for (const { name, part } of this.#parts.toReversed()) {
      try {
        await part.stop();
      } catch (cause) {
        this.#log.error({ err: cause, part: name }, 'part did not stop cleanly');
      }
    }
  }
}

/** Resolves with the result of `work`, or with undefined after `withinMs`. */
export function atMost<T>(work: Promise<T>, withinMs: number): Promise<T | undefined> {
  return Promise.race([work, pause(withinMs, undefined, { ref: false })]);
}

/** Minimum idle share of the interval between two calls, from 0 to 1. */
const minIdleShare = 0.25;

/**
 * Calls `work` at once and then every `everyMs`, measured from start to start and varied by up to
 * the share `jitter` (0 to 1) of `everyMs`. Calls never overlap, and at least a quarter of the
 * interval is idle. `failed` receives what `work` throws.
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
    timer = setTimeout(run, Math.max(waitMs * minIdleShare, waitMs - (performance.now() - startedAt)));
  };
  const run = () => {
    startedAt = performance.now();
    running = Promise.resolve().then(work).catch(failed).finally(next);
  };
  run();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
