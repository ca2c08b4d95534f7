import { type ChannelCredentials, Client, connectivityState } from '@grpc/grpc-js';
import { clientOptions } from '@parley/rpc';
import { Refusal, refuse } from '@parley/runtime';

/** Options of `Peers.ask`. */
export interface AskOptions {
  /**
   * Whether the call is idempotent. If so, and if no response comes, it is sent to the next
   * address.
   */
  readonly repeatable: boolean;
  readonly signal?: AbortSignal | undefined;
}

const withinMs = 10_000;
/** Timeouts for one address while others remain. */
const connectWithinMs = 2_000;
const answerWithinMs = 3_000;

/**
 * Returns whether an error means that no server responded. A server's own refusal is a response.
 */
function isUnanswered(thrown: unknown): boolean {
  return thrown instanceof Refusal && (thrown.reason === 'unreachable' || thrown.reason === 'deadline-exceeded');
}

/** Resolves with whether the client connects in time. It sends nothing. */
function connected(client: Client): Promise<boolean> {
  const channel = client.getChannel();
  const deadline = Date.now() + connectWithinMs;
  return new Promise((resolve) => {
    const check = () => {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) resolve(true);
      else if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) resolve(false);
      else channel.watchConnectivityState(state, deadline, (late) => (late ? resolve(false) : check()));
    };
    check();
  });
}

/**
 * One service at several interchangeable addresses. The last one that responded is tried first. An
 * address that does not connect is skipped before anything is sent.
 */
export class Peers {
  readonly #clients: readonly Client[];
  #first = 0;
  #isClosed = false;

  /**
   * Creates clients that connect on demand. `addresses` is a list of `host:port`, separated by
   * commas.
   */
  constructor(addresses: string, credentials: ChannelCredentials) {
    this.#clients = addresses.split(',').map((address) => new Client(address.trim(), credentials, clientOptions));
  }

  /**
   * Calls `attempt` with one address after the other; `withinMs` is the deadline of each attempt.
   * Rejects with the error of the last attempt, or with the signal's reason.
   */
  async ask<T>(attempt: (client: Client, withinMs: number) => Promise<T>, options: AskOptions): Promise<T> {
    const order = this.#clients.map((_, n) => (this.#first + n) % this.#clients.length);
    const end = order.at(-1);
    for (const at of order) {
      const client = this.#clients[at] as Client;
      if (at !== end && !(await connected(client))) continue;
      if (this.#isClosed) throw refuse('cancelled', { message: 'The client is closed. Create another one.' });
      options.signal?.throwIfAborted();
      try {
        return await this.#noteResponse(
          at,
          attempt(client, at !== end && options.repeatable ? answerWithinMs : withinMs),
        );
      } catch (thrown) {
        if (at === end || !options.repeatable || !isUnanswered(thrown)) throw thrown;
      }
    }
    throw refuse('unreachable', { message: 'No address was given.' });
  }

  /** Closes every connection. Later calls are refused. */
  close(): void {
    this.#isClosed = true;
    for (const client of this.#clients) client.close();
  }

  /**
   * Moves a server that responded, even with a refusal, to the front. If it did not respond, the
   * next call starts with the server after it.
   */
  async #noteResponse<T>(at: number, answering: Promise<T>): Promise<T> {
    try {
      const answer = await answering;
      this.#first = at;
      return answer;
    } catch (thrown) {
      this.#first = isUnanswered(thrown) ? (at + 1) % this.#clients.length : at;
      throw thrown;
    }
  }
}
