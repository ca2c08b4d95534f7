import { type ChannelCredentials, Client, type ClientOptions, connectivityState } from '@grpc/grpc-js';
import { clientOptions, streamOptions } from '@parley/rpc';
import { type Part, refuse } from '@parley/runtime';
import { ConnectionPool, type Upstream } from './connection-pool.js';

const spread = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });
const own = { 'grpc.use_local_subchannel_pool': 1 };
const ownOptions: ClientOptions = { ...clientOptions, ...own };
const relayOptions: ClientOptions = { ...streamOptions, ...own };
const spreadOptions: ClientOptions = { ...ownOptions, 'grpc.service_config': spread };

const reachTimeoutMs = 1_000;

/** Connections from the gateway to all other services. */
export class Upstreams implements Part {
  readonly #credentials: ChannelCredentials;
  /** Options of connections to chat servers: for calls and streams, and for relays. */
  readonly #chatServerOptions: Readonly<Record<'calls' | 'relay', ClientOptions>>;
  readonly #users: readonly ConnectionPool[];
  readonly #managers: readonly ConnectionPool[];
  readonly #chatServers = new Map<string, ConnectionPool>();
  #nextIndex = 0;

  constructor(
    { userServices, managers }: { readonly userServices: readonly string[]; readonly managers: readonly string[] },
    credentials: ChannelCredentials,
    ofChatServers: ClientOptions,
  ) {
    this.#credentials = credentials;
    this.#chatServerOptions = {
      calls: { ...ownOptions, ...ofChatServers },
      relay: { ...relayOptions, ...ofChatServers },
    };
    const poolOf = (address: string) => new ConnectionPool(() => new Client(address, credentials, spreadOptions));
    this.#users = userServices.map(poolOf);
    this.#managers = managers.map(poolOf);
  }

  /**
   * Returns a connection to the next user-service that is not known to be unreachable.
   * @throws {Refusal} `too-busy` if its connections are full.
   */
  userService(): Upstream {
    return this.#next(this.#users);
  }

  /**
   * Returns a connection to the next manager that is not known to be unreachable.
   * @throws {Refusal} `too-busy` if its connections are full.
   */
  manager(): Upstream {
    return this.#next(this.#managers);
  }

  /**
   * Returns a shared connection for short calls to the chat server at this address.
   * @throws {Refusal} `too-busy` if its connections are full.
   */
  chatServer(address: string): Upstream {
    const known = this.#chatServers.get(address);
    const pool = known ?? new ConnectionPool(() => this.#client(address, 'calls'));
    this.#chatServers.set(address, pool);
    return pool.take();
  }

  /**
   * Returns a new connection to the chat server at this address. Streams do not share one, because
   * many resets on one connection would close all its streams.
   */
  ownChatServer(address: string): Upstream {
    return this.#own(address, 'calls');
  }

  /** Returns a new connection for a relay to the chat server at this address. */
  relay(address: string): Upstream {
    return this.#own(address, 'relay');
  }

  /** Closes the connections to chat servers that are not in `addresses`. */
  keepOnly(addresses: ReadonlySet<string>): void {
    for (const [address, pool] of this.#chatServers) {
      if (addresses.has(address)) continue;
      this.#chatServers.delete(address);
      pool.close();
    }
  }

  /**
   * Resolves if a manager and a user-service can be reached.
   * @throws {Error} one sentence that names the service that cannot be reached.
   */
  async checkReachable(): Promise<void> {
    const kinds = { manager: this.#managers, 'user-service': this.#users };
    for (const [kind, pools] of Object.entries(kinds)) {
      await Promise.any(pools.map(({ first }) => reach(first))).catch((cause: unknown) => {
        throw new Error(`No ${kind} can be reached.`, { cause });
      });
    }
  }

  stop(): void {
    for (const pool of [...this.#users, ...this.#managers, ...this.#chatServers.values()]) pool.close();
  }

  #client(chatServer: string, use: 'calls' | 'relay'): Client {
    return new Client(chatServer, this.#credentials, this.#chatServerOptions[use]);
  }

  #own(chatServer: string, use: 'calls' | 'relay'): Upstream {
    const client = this.#client(chatServer, use);
    return { client, release: () => client.close() };
  }

  #next(pools: readonly ConnectionPool[]): Upstream {
    this.#nextIndex += 1;
    const candidates = pools.map((_, index) => pools[(this.#nextIndex + index) % pools.length] as ConnectionPool);
    const pool = candidates.find(({ first }) => !isUnreachable(first)) ?? candidates[0];
    if (pool === undefined) throw refuse('unreachable');
    return pool.take();
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
