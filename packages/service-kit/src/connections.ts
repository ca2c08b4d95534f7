import type { Server, Socket } from 'node:net';
import { type Logger, limits, type Metrics, type Settings } from '@parley/runtime';
import { addressKey } from './grpc/address-key.js';
import type { Proxies } from './grpc/proxies.js';
import { Tally } from './tally.js';

/** Maximum numbers of open connections. */
export interface ConnectionBounds {
  /** Maximum from one IPv4 address or IPv6 /64 network. */
  readonly perAddress: number;
  /** Maximum in this process, not counting connections of proxies. */
  readonly perProcess: number;
}

const logEveryMs = 10_000;

/**
 * Open connections of a server. Refuses connections beyond its limits before it reads anything from
 * them. Trusted proxies have no limit, because they connect for many users.
 * @example
 * ```ts
 * import { createServer } from 'node:net';
 * import { Metrics, silentLogger } from '@parley/runtime';
 * import { Connections, Proxies } from '@parley/service-kit';
 *
 * const bounds = { perAddress: 1_000, perProcess: 10_000 };
 * const connections = new Connections(new Proxies([]), silentLogger(), new Metrics(), bounds);
 * const server = createServer();
 * connections.guard(server); // before it listens
 * ```
 */
export class Connections {
  readonly #proxies: Proxies;
  readonly #log: Logger;
  readonly #bounds: ConnectionBounds;
  readonly #open = new Set<Socket>();
  readonly #byAddress = new Tally<string>();
  readonly #refused: Record<'address' | 'process', number> = { address: 0, process: 0 };
  /** Bytes of connections that are closed. */
  readonly #closed = { bytesRead: 0, bytesWritten: 0 };
  #counted = 0;
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(proxies: Proxies, log: Logger, metrics: Metrics, bounds: ConnectionBounds) {
    this.#proxies = proxies;
    this.#log = log;
    this.#bounds = bounds;
    metrics.gauge('parley_connections', 'open connections', () => this.#open.size);
    const help = 'connections refused because their address, or this process, had too many';
    metrics.totals('parley_connections_refused_total', help, 'by', () => this.#refused);
    const bytesOf = (key: 'bytesRead' | 'bytesWritten') => () =>
      [...this.#open].reduce((sum, socket) => sum + socket[key], this.#closed[key]);
    metrics.total('parley_received_bytes_total', 'bytes received over connections of clients', bytesOf('bytesRead'));
    metrics.total('parley_sent_bytes_total', 'bytes sent over connections of clients', bytesOf('bytesWritten'));
  }

  /** Number of open connections. */
  get size(): number {
    return this.#open.size;
  }

  /** Limits the connections of a server that does not listen yet. */
  guard(server: Server): void {
    const listeners = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (this.#admit(socket)) for (const listener of listeners) listener.call(server, socket);
      else socket.destroy();
    });
  }

  /** Returns whether a connection comes from a trusted proxy. */
  isFromProxy({ remoteAddress = '' }: Pick<Socket, 'remoteAddress'>): boolean {
    return this.#proxies.has(remoteAddress);
  }

  /** Destroys all open connections. */
  destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #admit(socket: Socket): boolean {
    const address = this.isFromProxy(socket) ? undefined : addressKey(socket.remoteAddress ?? '');
    if (address !== undefined && !this.#hasRoom(address)) return false;
    this.#open.add(socket);
    if (address !== undefined) this.#count(address);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#closed.bytesRead += socket.bytesRead;
      this.#closed.bytesWritten += socket.bytesWritten;
      if (address !== undefined) this.#forget(address);
    });
    return true;
  }

  #hasRoom(address: string): boolean {
    const { perAddress, perProcess } = this.#bounds;
    const open = this.#byAddress.count(address);
    if (open < perAddress && this.#counted < perProcess) return true;
    this.#refused[open < perAddress ? 'process' : 'address'] += 1;
    this.#report(address, open);
    return false;
  }

  #count(address: string): void {
    this.#counted += 1;
    this.#byAddress.add(address);
  }

  #forget(address: string): void {
    this.#counted -= 1;
    this.#byAddress.remove(address);
  }

  #report(address: string, open: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#loggedAtMs < logEveryMs) return;
    this.#loggedAtMs = nowMs;
    this.#log.warn({ address, open, all: this.#counted }, 'connections refused: too many are open');
  }
}

/**
 * Returns the limits of connections from the settings.
 * @example
 * ```ts
 * import { readSettings } from '@parley/runtime';
 * import { connectionBounds } from '@parley/service-kit';
 *
 * const { perAddress } = connectionBounds(readSettings(process.env));
 * ```
 */
export function connectionBounds({
  CONNECTIONS_PER_ADDRESS,
}: Pick<Settings, 'CONNECTIONS_PER_ADDRESS'>): ConnectionBounds {
  return { perAddress: CONNECTIONS_PER_ADDRESS, perProcess: limits.connectionsPerProcess };
}
