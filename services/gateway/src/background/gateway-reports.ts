import type { Pool, ServerState } from '@parley/database';
import { limits, version } from '@parley/runtime';
import { reportGateway } from '../store/gateway-reports.js';
import type { GatewayDrain } from './gateway-drain.js';
import { UserPresence } from './user-presence.js';

/** Identity of a gateway in its reports. */
export interface GatewayIdentity {
  readonly instanceId: string;
  readonly name: string;
  /** `host:port` of the page, and of InboxService over gRPC. */
  readonly httpAddr: string;
  readonly grpcAddr: string;
}

/** The streams that a gateway carries now. */
export interface GatewayLoad {
  readonly inboxes: number;
  readonly connections: number;
  /** Users with an open inbox. */
  readonly users: ReadonlySet<string>;
}

/**
 * Reports of a gateway: that it is alive, its load and its users. Each report also reads whether an operator
 * wants to drain the gateway, and then begins the drain.
 */
export class GatewayReports {
  readonly #pool: Pool;
  readonly #identity: GatewayIdentity;
  readonly #load: () => GatewayLoad;
  readonly #drain: GatewayDrain;
  readonly #presence: UserPresence;

  constructor(pool: Pool, identity: GatewayIdentity, load: () => GatewayLoad, drain: GatewayDrain) {
    this.#pool = pool;
    this.#identity = identity;
    this.#load = load;
    this.#drain = drain;
    this.#presence = new UserPresence(pool, identity.instanceId);
  }

  /**
   * Sends one report. The last one, with the state `stopped`, takes back all users.
   * @throws {Error} of the database.
   */
  async report(state: ServerState = this.#drain.begun ? 'draining' : 'serving'): Promise<void> {
    const { users, ...load } = this.#load();
    const [row] = await reportGateway.run(this.#pool, { ...this.#identity, ...load, version, state });
    if (row?.drain === true && !this.#drain.begun) void this.#drain.begin(limits.drainDefaultMs);
    const here = state === 'stopped' ? new Set<string>() : users;
    let hasMore = await this.#presence.save(here);
    while (hasMore && state === 'stopped') hasMore = await this.#presence.save(here);
  }
}
