import { type ChannelCredentials, Client, type ClientOptions, connectivityState } from '@grpc/grpc-js';
import { clientOptions } from '@parley/rpc';
import { type Part, refuse } from '@parley/runtime';

/** Connection to a service. Call `release` when the call is over. */
export interface Upstream {
  readonly client: Client;
  readonly release: () => void;
}

const spread = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });
const sharedOptions: ClientOptions = { ...clientOptions, 'grpc.service_config': spread };
const ownOptions: ClientOptions = { ...clientOptions, 'grpc.use_local_subchannel_pool': 1 };

const keepOpen = () => {};
const reachTimeoutMs = 1_000;

/** Connections from the gateway to all other services. */
export class Upstreams implements Part {
  readonly #credentials: ChannelCredentials;
  readonly #users: readonly Client[];
  readonly #managers: readonly Client[];
  readonly #chatServers = new Map<string, Client>();
  #nextIndex = 0;

  constructor(
    { userServices, managers }: { readonly userServices: readonly string[]; readonly managers: readonly string[] },
    credentials: ChannelCredentials,
  ) {
    this.#credentials = credentials;
    this.#users = userServices.map((address) => new Client(address, credentials, sharedOptions));
    this.#managers = managers.map((address) => new Client(address, credentials, sharedOptions));
  }

  /** Returns the next user-service that is not known to be unreachable. */
  userService(): Upstream {
    return this.#next(this.#users);
  }

  /** Returns the next manager that is not known to be unreachable. */
  manager(): Upstream {
    return this.#next(this.#managers);
  }

  /** Returns that chat server, on the shared connection for short calls. */
  chatServer(address: string): Upstream {
    const client = this.#chatServers.get(address) ?? new Client(address, this.#credentials, clientOptions);
    this.#chatServers.set(address, client);
    return { client, release: keepOpen };
  }

  /**
   * Returns that chat server on a new connection: many resets on one connection would close all its
   * streams.
   */
  ownChatServer(address: string): Upstream {
    const client = new Client(address, this.#credentials, ownOptions);
    return { client, release: () => client.close() };
  }

  /** Closes the connections to chat servers that are not in `addresses`. */
  keepOnly(addresses: ReadonlySet<string>): void {
    for (const [address, client] of this.#chatServers) {
      if (addresses.has(address)) continue;
      this.#chatServers.delete(address);
      client.close();
    }
  }

  /**
   * Resolves if a manager and a user-service can be reached.
   * @throws {Error} one sentence that names what is missing.
   */
  async checkReachable(): Promise<void> {
    const kinds = { manager: this.#managers, 'user-service': this.#users };
    for (const [kind, clients] of Object.entries(kinds)) {
      await Promise.any(clients.map(reach)).catch((cause: unknown) => {
        throw new Error(`No ${kind} can be reached.`, { cause });
      });
    }
  }

  stop(): void {
    for (const client of [...this.#users, ...this.#managers, ...this.#chatServers.values()]) client.close();
  }

  #next(clients: readonly Client[]): Upstream {
    this.#nextIndex += 1;
    const candidates = clients.map((_, index) => clients[(this.#nextIndex + index) % clients.length] as Client);
    const client = candidates.find((one) => !isUnreachable(one)) ?? candidates[0];
    if (client === undefined) throw refuse('unreachable');
    return { client, release: keepOpen };
  }
}

function isUnreachable(client: Client): boolean {
  return client.getChannel().getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE;
}

function reach(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.waitForReady(Date.now() + reachTimeoutMs, (error) => (error == null ? resolve() : reject(error)));
  });
}
