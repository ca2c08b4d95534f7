import type { Refusal } from '@parley/runtime/refusal';
import type { Reason } from '@parley/runtime/refusals';
import { onAbort } from './abort.js';

/** The server's acknowledgement of a send. */
export interface Sent {
  /** Seq of the new entry. */
  readonly seq: number;
  /** Unix ms, set by the server. */
  readonly timestamp: number;
}

interface PendingSend {
  readonly resolve: (sent: Sent) => void;
  readonly reject: (why: unknown) => void;
  /** Reason of the last `held` event for this send. */
  heldFor?: Reason;
}

/** Shortest wait that is reported, in milliseconds. */
const minReportedWaitMs = 1_000;

/** Promises of the unanswered sends, by client id. */
export class Pending {
  readonly #waiting = new Map<string, PendingSend>();

  /**
   * Returns a promise that `resolve` or `reject` settles. If the signal aborts, calls `onGivenUp`
   * and rejects the promise with the signal's reason.
   */
  wait(clientId: string, signal: AbortSignal | undefined, onGivenUp: () => void): Promise<Sent> {
    const answer = new Promise<Sent>((resolve, reject) => this.#waiting.set(clientId, { resolve, reject }));
    const forget = onAbort(signal, () => {
      onGivenUp();
      this.reject(clientId, signal?.reason);
    });
    return answer.finally(forget);
  }

  /** Resolves the promise of a send, if it is still pending. */
  resolve(clientId: string, sent: Sent): void {
    this.#waiting.get(clientId)?.resolve(sent);
    this.#waiting.delete(clientId);
  }

  /** Rejects the promise of a send, if it is still pending. */
  reject(clientId: string, why: unknown): void {
    this.#waiting.get(clientId)?.reject(why);
    this.#waiting.delete(clientId);
  }

  /**
   * Records that a send is held. Returns true if the user should learn of it: once for each reason,
   * and only for a wait of a second or more.
   */
  hold(clientId: string, { reason, retryAfterMs }: Refusal): boolean {
    const waiting = this.#waiting.get(clientId);
    if (waiting === undefined || waiting.heldFor === reason || retryAfterMs < minReportedWaitMs) return false;
    waiting.heldFor = reason;
    return true;
  }

  /** Rejects every unanswered send. */
  rejectAll(refusal: Refusal): void {
    for (const clientId of [...this.#waiting.keys()]) this.reject(clientId, refusal);
  }
}
