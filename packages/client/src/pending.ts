import type { Refusal } from '@parley/runtime/refusal';
import type { Reason } from '@parley/runtime/refusals';
import { onAbort } from './abort.js';

/** Where a message of one's own stands. */
export interface Sent {
  readonly seq: number;
  /** Unix ms, given by the server. */
  readonly timestamp: number;
}

interface Waiting {
  readonly resolve: (sent: Sent) => void;
  readonly reject: (why: unknown) => void;
  /** Why it is held, as far as its sender was told. */
  heldFor?: Reason;
}

/** Whoever waits for less is not told. */
const worthTellingMs = 1_000;

/** The promises of sends, by client id. */
export class Pending {
  readonly #waiting = new Map<string, Waiting>();

  /** Settles with `resolve` or `reject`, or rejects with the signal's reason after `onGivenUp`. */
  wait(clientId: string, signal: AbortSignal | undefined, onGivenUp: () => void): Promise<Sent> {
    const answer = new Promise<Sent>((resolve, reject) => this.#waiting.set(clientId, { resolve, reject }));
    const forget = onAbort(signal, () => {
      onGivenUp();
      this.reject(clientId, signal?.reason);
    });
    return answer.finally(forget);
  }

  resolve(clientId: string, sent: Sent): void {
    this.#waiting.get(clientId)?.resolve(sent);
    this.#waiting.delete(clientId);
  }

  reject(clientId: string, why: unknown): void {
    this.#waiting.get(clientId)?.reject(why);
    this.#waiting.delete(clientId);
  }

  /** True where its sender is to be told that it is held: once for each reason, and only of a long wait. */
  hold(clientId: string, { reason, retryAfterMs }: Refusal): boolean {
    const waiting = this.#waiting.get(clientId);
    if (waiting === undefined || waiting.heldFor === reason || retryAfterMs < worthTellingMs) return false;
    waiting.heldFor = reason;
    return true;
  }

  rejectAll(refusal: Refusal): void {
    for (const clientId of [...this.#waiting.keys()]) this.reject(clientId, refusal);
  }
}
