import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { breakSocket, FaultPipe, FaultSwitch, type LinkFaults, noFaults } from './fault-pipe.js';

/** Direction of data: `up` is from the client to the server. */
export type Direction = 'up' | 'down';

const both: readonly Direction[] = ['up', 'down'];

type Switches = Readonly<Record<Direction, FaultSwitch>>;

function newSwitches(): Switches {
  return { up: new FaultSwitch(), down: new FaultSwitch() };
}

function setFaults(switches: Switches, faults: Partial<LinkFaults>, directions: readonly Direction[]): void {
  for (const direction of directions) switches[direction].set(faults);
}

/** One connection through a proxy, with its own faults in addition to those of the proxy. */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #own = newSwitches();

  constructor(client: Socket, target: Socket, all: Switches) {
    this.#client = client;
    this.#target = target;
    new FaultPipe(client, target, [all.up, this.#own.up]);
    new FaultPipe(target, client, [all.down, this.#own.down]);
  }

  /** Sets faults of this connection. */
  set(faults: Partial<LinkFaults>, directions = both): void {
    setFaults(this.#own, faults, directions);
  }

  /** Resets both sides. */
  reset(): void {
    for (const socket of [this.#client, this.#target]) breakSocket(socket);
  }

  /** Ends one direction. The other one continues. */
  halfClose(direction: Direction): void {
    (direction === 'up' ? this.#target : this.#client).end();
  }
}

/** A TCP proxy between two processes that injects network faults. */
export class FaultProxy {
  readonly #server: Server;
  readonly #target: () => string;
  readonly #all = newSwitches();
  readonly #connections = new Set<ProxiedConnection>();

  private constructor(target: () => string) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  /**
   * Opens a proxy on a free port of 127.0.0.1. `target` returns `host:port` for each new
   * connection.
   */
  static async open(target: () => string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** Address of the proxy, as `host:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The open connections. */
  get connections(): readonly ProxiedConnection[] {
    return [...this.#connections];
  }

  /** Sets faults of all connections, including future ones. */
  set(faults: Partial<LinkFaults>, directions = both): void {
    setFaults(this.#all, faults, directions);
  }

  /** Ends the faults of the proxy, and releases held data. */
  heal(): void {
    this.set(noFaults);
  }

  reset(): void {
    for (const one of this.#connections) one.reset();
  }

  /** Resets every connection and closes the proxy. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.reset();
    await closed;
  }

  #accept(client: Socket): void {
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(this.#target()) ?? [];
    const target = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
    const connection = new ProxiedConnection(client, target, this.#all);
    this.#connections.add(connection);
    let open = 2;
    for (const socket of [client, target]) {
      socket.once('close', () => {
        open -= 1;
        if (open === 0) this.#connections.delete(connection);
      });
    }
  }
}
