import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { breakSocket, FaultPipe, FaultSwitch, type LinkFaults, noFaults } from './fault-pipe.js';

/** Up: from who dials to who is dialled. */
export type Direction = 'up' | 'down';

const both: readonly Direction[] = ['up', 'down'];

type Switches = Readonly<Record<Direction, FaultSwitch>>;

function newSwitches(): Switches {
  return { up: new FaultSwitch(), down: new FaultSwitch() };
}

function setFaults(switches: Switches, faults: Partial<LinkFaults>, directions: readonly Direction[]): void {
  for (const direction of directions) switches[direction].set(faults);
}

/** One connection through a proxy, with faults of its own beside those of all. */
export class ProxiedConnection {
  readonly #dialler: Socket;
  readonly #target: Socket;
  readonly #own = newSwitches();

  constructor(dialler: Socket, target: Socket, all: Switches) {
    this.#dialler = dialler;
    this.#target = target;
    new FaultPipe(dialler, target, [all.up, this.#own.up]);
    new FaultPipe(target, dialler, [all.down, this.#own.down]);
  }

  set(faults: Partial<LinkFaults>, directions = both): void {
    setFaults(this.#own, faults, directions);
  }

  /** Both sides see a reset. */
  reset(): void {
    for (const socket of [this.#dialler, this.#target]) breakSocket(socket);
  }

  /** Whoever receives in this direction sees its end; the other direction goes on. */
  halfClose(direction: Direction): void {
    (direction === 'up' ? this.#target : this.#dialler).end();
  }
}

/** Sits between any two processes that speak TCP, and does to their connections what networks do. */
export class FaultProxy {
  readonly #server: Server;
  readonly #target: () => string;
  readonly #all = newSwitches();
  readonly #connections = new Set<ProxiedConnection>();

  private constructor(target: () => string) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  /** A proxy on a free port of 127.0.0.1. The target (host:port) is asked for at each connection. */
  static async open(target: () => string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** host:port */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get connections(): readonly ProxiedConnection[] {
    return [...this.#connections];
  }

  /** Of all connections, those to come too. */
  set(faults: Partial<LinkFaults>, directions = both): void {
    setFaults(this.#all, faults, directions);
  }

  /** What is wrong with all of them is over, and what was held goes on. */
  heal(): void {
    this.set(noFaults);
  }

  reset(): void {
    for (const one of this.#connections) one.reset();
  }

  /** Resets what is open, and ends. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.reset();
    await closed;
  }

  #accept(dialler: Socket): void {
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(this.#target()) ?? [];
    const target = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
    const connection = new ProxiedConnection(dialler, target, this.#all);
    this.#connections.add(connection);
    let open = 2;
    for (const socket of [dialler, target]) {
      socket.once('close', () => {
        open -= 1;
        if (open === 0) this.#connections.delete(connection);
      });
    }
  }
}
