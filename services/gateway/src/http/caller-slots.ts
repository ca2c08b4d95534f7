import { hash } from 'node:crypto';
import { limits, refuse } from '@parley/runtime';
import { addressKey, Buckets, type BurstRate, bearerOf, KeyedSemaphore } from '@parley/service-kit';

/** Address and token of a caller. The gateway has not verified the token. */
export interface CallerIdentity {
  readonly address: string;
  readonly authorization: string | undefined;
}

/** Returns a short key for the bearer token, or undefined if there is none. */
function tokenKey(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  try {
    return hash('sha256', bearerOf(authorization), 'base64');
  } catch {
    return undefined;
  }
}

/** Returns the key for limits of a single caller: its token, or its address if it has none. */
export function callerKey({ address, authorization }: CallerIdentity): string {
  return tokenKey(authorization) ?? addressKey(address);
}

/**
 * Limits the streams that one join token may open. The chat server refuses a token that was already
 * used.
 */
const streamsOfToken: BurstRate = { burst: 10, perSecond: 1 };

/**
 * Limits the calls in flight of each token and of each address, because all callers share the
 * connections to the services. Calls beyond the limit wait here, without an open stream to a
 * service.
 */
export class CallerSlots {
  readonly #tokens = new KeyedSemaphore(limits.callsPerToken, limits.callsWaitingPerToken);
  readonly #addresses = new KeyedSemaphore(limits.callsPerAddress, limits.callsWaitingPerAddress);

  readonly #streams = new Buckets<string>();

  /**
   * Counts a new stream of a join token.
   * @throws {Refusal} `listen-too-often`.
   */
  countStream(authorization: string | undefined): void {
    const retryAfterMs = this.#streams.take(tokenKey(authorization) ?? '', streamsOfToken);
    if (retryAfterMs > 0) throw refuse('listen-too-often', { retryAfterMs });
  }

  /**
   * Waits for a slot. Returns a function that frees it; a second call does nothing.
   * @throws {Refusal} `too-busy` if too many calls of the token or the address wait.
   */
  async acquire({ address, authorization }: CallerIdentity): Promise<() => void> {
    const token = tokenKey(authorization);
    const network = addressKey(address);
    if (token !== undefined) await this.#tokens.acquire(token);
    try {
      await this.#addresses.acquire(network);
    } catch (thrown) {
      if (token !== undefined) this.#tokens.release(token);
      throw thrown;
    }
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#addresses.release(network);
      if (token !== undefined) this.#tokens.release(token);
    };
  }
}
