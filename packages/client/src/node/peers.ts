import { type ChannelCredentials, Client, connectivityState } from '@grpc/grpc-js';
import { clientOptions } from '@parley/rpc';
import { Refusal, refuse } from '@parley/runtime';

/** How a call is made. */
export interface AskOptions {
  /** Said twice, it does no more than said once: where no answer comes, the next address is asked. */
  readonly repeatable: boolean;
  readonly signal?: AbortSignal | undefined;
}

const withinMs = 10_000;
/** For one address while there are others. */
const connectWithinMs = 2_000;
const answerWithinMs = 3_000;

/** Whether nobody has answered. A refusal by the server itself says why in words of its own, and stands. */
function isUnheard(thrown: unknown): boolean {
  return thrown instanceof Refusal && (thrown.reason === 'unreachable' || thrown.reason === 'deadline-exceeded');
}

/** Resolves when the client has a connection; false where there is none to be had in time. Nothing is sent. */
function connected(client: Client): Promise<boolean> {
  const channel = client.getChannel();
  const deadline = Date.now() + connectWithinMs;
  return new Promise((resolve) => {
    const look = () => {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) resolve(true);
      else if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) resolve(false);
      else channel.watchConnectivityState(state, deadline, (late) => (late ? resolve(false) : look()));
    };
    look();
  });
}

/**
 * One service at several addresses, any of which will do. The one that answered last is asked first; who cannot be connected to is passed
 * over before anything is sent.
 */
export class Peers {
  readonly #clients: readonly Client[];
  #first = 0;

  /** `addresses`: host:port, several with commas between. */
  constructor(addresses: string, credentials: ChannelCredentials) {
    this.#clients = addresses.split(',').map((address) => new Client(address.trim(), credentials, clientOptions));
  }

  /** `attempt` may take the milliseconds it is given. Rejects with what the last one asked rejects with, or the signal's reason. */
  async ask<T>(attempt: (client: Client, withinMs: number) => Promise<T>, options: AskOptions): Promise<T> {
    const order = this.#clients.map((_, n) => (this.#first + n) % this.#clients.length);
    const end = order.at(-1);
    for (const at of order) {
      const client = this.#clients[at] as Client;
      if (at !== end && !(await connected(client))) continue;
      options.signal?.throwIfAborted();
      try {
        return await this.#remember(at, attempt(client, at !== end && options.repeatable ? answerWithinMs : withinMs));
      } catch (thrown) {
        if (at === end || !options.repeatable || !isUnheard(thrown)) throw thrown;
      }
    }
    throw refuse('unreachable', { words: 'no address was given' });
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  /** Who answered, a refusal too, is asked first from now on; who did not, is not. */
  async #remember<T>(at: number, answering: Promise<T>): Promise<T> {
    try {
      const answer = await answering;
      this.#first = at;
      return answer;
    } catch (thrown) {
      this.#first = isUnheard(thrown) ? (at + 1) % this.#clients.length : at;
      throw thrown;
    }
  }
}
