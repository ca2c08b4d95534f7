import { setTimeout as pause } from 'node:timers/promises';
import { asRefusal } from '@parley/service-kit';
import { isTemporary } from './temporary.js';

/** Shortest wait before a call is repeated, in milliseconds. */
const againMs = 250;

/** Limits of a call that is repeated. */
export interface Patience {
  /** Time after which a failure is final, in milliseconds. */
  readonly withinMs: number;
  /** Returns whether nobody waits for the result any more. */
  readonly isOver: () => boolean;
}

/**
 * Makes a call, and repeats it while a service is busy or away.
 * @throws {Refusal} any other refusal at once, and the last one after the time limit
 */
export async function patientCall<T>(call: () => Promise<T>, { withinMs, isOver }: Patience): Promise<T> {
  for (const endsAt = performance.now() + withinMs; ; ) {
    try {
      return await call();
    } catch (thrown) {
      const refusal = asRefusal(thrown);
      const waitMs = Math.max(againMs, refusal.retryAfterMs);
      const isPassing = refusal.reason !== 'internal' && isTemporary(refusal);
      if (!isPassing || isOver() || performance.now() + waitMs > endsAt) throw thrown;
      await pause(waitMs);
    }
  }
}
