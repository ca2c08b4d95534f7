import { useEffect, useState } from 'react';
import { type RefusedAction, refusedBy } from '../use-action.js';

/** A value that is read again and again. A failed read keeps the last one. */
export interface Refreshed<T> {
  readonly value: T | undefined;
  /** Time of the last successful read, in Unix ms. */
  readonly readAt: number;
  /** Why the last read failed. */
  readonly refused: RefusedAction | undefined;
}

/** Reads a value at once, and again `everyMs` after each read while the page is visible. `load` must not change. */
export function useRefreshed<T>(load: (signal: AbortSignal) => Promise<T>, everyMs: number): Refreshed<T> {
  const [now, setNow] = useState<Refreshed<T>>({ value: undefined, readAt: 0, refused: undefined });
  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const read = async () => {
      try {
        const value = await load(controller.signal);
        if (!controller.signal.aborted) setNow({ value, readAt: Date.now(), refused: undefined });
      } catch (thrown) {
        if (!controller.signal.aborted) setNow((last) => ({ ...last, refused: refusedBy(thrown) }));
      }
    };
    const run = async () => {
      if (document.visibilityState === 'visible') await read();
      if (!controller.signal.aborted) timer = setTimeout(run, everyMs);
    };
    run();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [load, everyMs]);
  return now;
}
