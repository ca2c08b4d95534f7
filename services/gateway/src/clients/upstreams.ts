import { type ChannelCredentials, Client, type ClientOptions, connectivityState } from '@grpc/grpc-js';
import { clientOptions } from '@parley/rpc';
import { type Part, refuse } from '@parley/runtime';

/** A connection to a service. `release` it when its call is over. */
export interface Upstream {
  readonly client: Client;
  readonly release: () => void;
}

const spread = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });
const sharedOptions: ClientOptions = { ...clientOptions, 'grpc.service_config': spread };
const ownOptions: ClientOptions = { ...clientOptions, 'grpc.use_local_subchannel_pool': 1 };

const keep = () => {};
const reachWithinMs = 1_000;

/** The services behind the gateway. */
export class Upstreams implements Part {
  readonly #credentials: ChannelCredentials;
  readonly #users: readonly Client[];
  readonly #managers: readonly Client[];
  readonly #chatServers = new Map<string, Client>();
  #turn = 0;

  constructor(
    { userServices, managers }: { readonly userServices: readonly string[]; readonly managers: readonly string[] },
    credentials: ChannelCredentials,
  ) {
    this.#credentials = credentials;
    this.#users = userServices.map((address) => new Client(address, credentials, sharedOptions));
    this.#managers = managers.map((address) => new Client(address, credentials, sharedOptions));
  }

  /** Any user-service that is not known to be away, in turns. */
  userService(): Upstream {
    return this.#next(this.#users);
  }

  /** Any manager that is not known to be away, in turns. */
  manager(): Upstream {
    return this.#next(this.#managers);
  }

  /** Exactly that chat server, over the connection for short calls. */
  chatServer(address: string): Upstream {
    const client = this.#chatServers.get(address) ?? new Client(address, this.#credentials, clientOptions);
    this.#chatServers.set(address, client);
    return { client, release: keep };
  }

  /** Exactly that chat server, over a connection of its own: many streams reset on one would end all that are on it. */
  ownChatServer(address: string): Upstream {
    const client = new Client(address, this.#credentials, ownOptions);
    return { client, release: () => client.close() };
  }

  /** Forgets chat servers that are gone. */
  keepOnly(addresses: ReadonlySet<string>): void {
    for (const [address, client] of this.#chatServers) {
      if (addresses.has(address)) continue;
      this.#chatServers.delete(address);
      client.close();
    }
  }

  /** Rejects with one sentence where no manager, or no user-service, can be reached. */
  async checkReachable(): Promise<void> {
    const kinds = { manager: this.#managers, 'user-service': this.#users };
    for (const [kind, clients] of Object.entries(kinds)) {
      await Promise.any(clients.map(reach)).catch((cause: unknown) => {
        throw new Error(`no ${kind} can be reached`, { cause });
      });
    }
  }

  stop(): void {
    for (const client of [...this.#users, ...this.#managers, ...this.#chatServers.values()]) client.close();
  }

  #next(clients: readonly Client[]): Upstream {
    this.#turn += 1;
    const inTurn = clients.map((_, index) => clients[(this.#turn + index) % clients.length] as Client);
    const client = inTurn.find((one) => !isAway(one)) ?? inTurn[0];
    if (client === undefined) throw refuse('unreachable');
    return { client, release: keep };
  }
}

function isAway(client: Client): boolean {
  return client.getChannel().getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE;
}

function reach(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.waitForReady(Date.now() + reachWithinMs, (error) => (error == null ? resolve() : reject(error)));
  });
}
