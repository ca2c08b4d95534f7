import type { Duplex } from 'node:stream';
import { boundToCall, type Logger, limits, MemoryBudget, type Metrics, type Part, refuse } from '@parley/runtime';
import { asRefusal, type Callers, type Proxies } from '@parley/service-kit';
import type { WebSocket, WebSocketServer } from 'ws';
import { callerAddress } from '../http/caller-address.js';
import { CallerSlots } from '../http/caller-slots.js';
import type { HttpHandler, UpgradeHandler, UpgradeVisit } from '../http/handler.js';
import { StreamLogin } from '../http/stream-login.js';
import { socketDialects } from './dialects.js';
import { readHandshake, type SocketRequest } from './handshake.js';
import { SocketClient, type SocketClientOptions } from './socket-client.js';
import { SocketStream } from './socket-stream.js';
import { Strangers } from './strangers.js';
import { demandUpgrade, openSocketServer, refuseUpgrade } from './upgrades.js';

/** Times of a WebSocket, in milliseconds. */
export interface SocketTimes {
  /** Interval of WebSocket pings. */
  readonly pingEveryMs: number;
  /** Time until the token and the first command must have arrived. */
  readonly openWithinMs: number;
}

const usualTimes: SocketTimes = { pingEveryMs: 25_000, openWithinMs: 10_000 };
const tickEveryMs = 1_000;
const socketPath = '/connect';

/** Parts that the door uses. */
export interface SocketDoorDeps extends Pick<SocketClientOptions, 'openSession'> {
  readonly callers: Pick<Callers, 'enterStream'>;
  readonly origins: readonly string[];
  readonly proxies: Proxies;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly times?: Partial<SocketTimes>;
}

/** Responds to requests for `/connect` that do not ask for a WebSocket. */
export const askForUpgrade: HttpHandler = ({ response, path }) => {
  if (path !== socketPath) return false;
  demandUpgrade(response, 'This path speaks WebSocket, with the subprotocol parley.v1 or parley.v1.json.\n');
  return true;
};

/** The WebSockets of this process: `GET /connect`. */
export class SocketDoor implements Part {
  readonly #deps: SocketDoorDeps;
  readonly #times: SocketTimes;
  readonly #server: WebSocketServer;
  readonly #clients = new Map<SocketClient, ReturnType<MemoryBudget['open']>>();
  readonly #unread = new MemoryBudget(limits.unreadBytes);
  readonly #login: StreamLogin;
  readonly #strangers = new Strangers();
  readonly #timer: NodeJS.Timeout;
  #isStopped = false;

  constructor(deps: SocketDoorDeps) {
    this.#deps = deps;
    this.#login = new StreamLogin(deps.callers, new CallerSlots());
    this.#times = { ...usualTimes, ...deps.times };
    this.#server = openSocketServer({
      handleProtocols: (entries) => [...entries].find((entry) => socketDialects.has(entry)) ?? false,
    });
    this.#timer = setInterval(() => this.#tick(), Math.min(tickEveryMs, this.#times.pingEveryMs)).unref();
    deps.metrics.gauge('parley_sockets', 'open WebSockets', () => this.#clients.size);
    deps.metrics.gauge(
      'parley_socket_unread_bytes',
      'bytes that slow WebSockets have not read',
      () => this.#unread.held,
    );
  }

  /** Accepts or refuses every upgrade request for `/connect`. */
  readonly handleUpgrade: UpgradeHandler = (visit) => {
    if (visit.path !== socketPath) return false;
    this.#upgrade(visit);
    return true;
  };

  /** Ends all streams, so that clients connect elsewhere. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    for (const { stream } of this.#clients.keys()) stream.end(refuse('draining'));
  }

  #upgrade({ request, socket, head }: UpgradeVisit): void {
    const address = callerAddress(request, this.#deps.proxies);
    try {
      const asked = readHandshake(request, this.#deps.origins);
      if (this.#isStopped) throw refuse('draining');
      if (asked.token === undefined && this.#strangers.isCrowded(address)) throw refuse('too-busy');
      this.#server.handleUpgrade(request, socket, head, (ws) => this.#welcome(ws, socket, address, asked));
    } catch (thrown) {
      const refusal = asRefusal(thrown);
      this.#report(refusal.reason, 0);
      refuseUpgrade(socket, refusal);
    }
  }

  #welcome(ws: WebSocket, socket: Duplex, address: string, { dialect, token, refusal }: SocketRequest): void {
    const openedAtMs = performance.now();
    const report = boundToCall((reason: string) => this.#report(reason, performance.now() - openedAtMs));
    const stream = new SocketStream(socket, ws, dialect.framing, report);
    const forget = this.#strangers.add(address);
    const { openSession } = this.#deps;
    const { openWithinMs } = this.#times;
    const authenticate = (given: string) => this.#login.userOf(given, address);
    const client = new SocketClient({
      ws,
      stream,
      dialect,
      address,
      openWithinMs,
      authenticate,
      onToken: forget,
      openSession,
    });
    const unread = this.#unread.open(
      () => [client.owner],
      () => stream.cut('too-slow'),
    );
    this.#clients.set(client, unread);
    stream.onClose(() => {
      forget();
      unread.set(0);
      this.#clients.delete(client);
    });
    if (refusal !== undefined) stream.end(refusal);
    else if (token !== undefined) void client.checkToken(token);
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const [client, unread] of this.#clients) {
      client.stream.countUnread(unread);
      client.ping(nowMs, this.#times.pingEveryMs);
    }
  }

  #report(reason: string, ms: number): void {
    this.#deps.metrics.countStream('connect', reason, ms);
    this.#deps.log.debug({ reason, ms: Math.round(ms) }, 'WebSocket ended');
  }
}
