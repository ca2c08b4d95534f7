import { setTimeout as pause } from 'node:timers/promises';
import { outsideCalls } from './call-context.js';
import type { Part } from './lifecycle.js';

/** Delay before a lost connection is opened again, in milliseconds; varied by half of it. */
const againAfterMs = 1_000;

/**
 * Keeps a connection open until `stop`. `hold` opens it, returns when the signal is aborted, and
 * throws if the connection is lost or cannot be opened; `lost` receives that error, and `hold` is
 * called again about a second later.
 */
export function keepConnected(hold: (signal: AbortSignal) => Promise<void>, lost: (cause: unknown) => void): Part {
  const stop = new AbortController();
  const { signal } = stop;
  const work = outsideCalls(async () => {
    while (!signal.aborted) {
      await hold(signal).catch((cause: unknown) => signal.aborted || lost(cause));
      const waitMs = againAfterMs * (0.5 + Math.random());
      await pause(signal.aborted ? 0 : waitMs, undefined, { signal, ref: false }).catch(() => {});
    }
  });
  return {
    stop() {
      stop.abort();
      return work;
    },
  };
}
