import type { Client } from '@grpc/grpc-js';
import { refuse } from '@parley/runtime';

/** Connection to a service. Call `release` once when the call is over. */
export interface Upstream {
  readonly client: Client;
  readonly release: () => void;
}

interface Connection {
  readonly client: Client;
  calls: number;
}

/**
 * Maximum number of calls on a connection before another one opens. A service refuses more than
 * `limits.callsPerConnection`.
 */
const callsPerConnection = 80;

/**
 * Maximum number of connections of this process to one service. Calls beyond their capacity are
 * refused.
 */
const maxConnections = 16;

/**
 * Connections to one service. Opens another connection when every open one has many calls, so that
 * long calls do not delay the others.
 */
export class ConnectionPool {
  /** The connection that stays open even without calls. */
  readonly first: Client;
  readonly #connections: Connection[];
  readonly #dial: () => Client;

  /** `dial` returns a client that shares no connection with another client. */
  constructor(dial: () => Client) {
    this.#dial = dial;
    this.first = dial();
    this.#connections = [{ client: this.first, calls: 0 }];
  }

  /**
   * Returns a connection for one call.
   * @throws {Refusal} `too-busy` if all connections are full.
   */
  take(): Upstream {
    const connection = this.#connections.find(({ calls }) => calls < callsPerConnection) ?? this.#open();
    connection.calls += 1;
    return { client: connection.client, release: () => this.#release(connection) };
  }

  close(): void {
    for (const { client } of this.#connections) client.close();
  }

  #open(): Connection {
    if (this.#connections.length >= maxConnections) throw refuse('too-busy');
    const connection = { client: this.#dial(), calls: 0 };
    this.#connections.push(connection);
    return connection;
  }

  #release(connection: Connection): void {
    connection.calls -= 1;
    if (connection.calls > 0 || connection.client === this.first) return;
    this.#connections.splice(this.#connections.indexOf(connection), 1);
    connection.client.close();
  }
}
