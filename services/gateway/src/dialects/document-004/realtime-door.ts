import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { boundToCall, type Logger, type Metrics, type Part, refuse } from '@parley/runtime';
import { asRefusal, bearerOf, type Callers, type Proxies } from '@parley/service-kit';
import type { WebSocket } from 'ws';
import { ServiceCalls, type ServiceCallsDeps } from '../../api/service-calls.js';
import { callerAddress } from '../../http/caller-address.js';
import type { HttpHandler, UpgradeHandler, UpgradeVisit } from '../../http/handler.js';
import type { RequestBounds } from '../../http/request-bounds.js';
import { StreamLogin } from '../../http/stream-login.js';
import { checkOrigin, entriesOf, tokenAmong } from '../../socket/handshake.js';
import { Strangers } from '../../socket/strangers.js';
import { TextClients } from '../../socket/text-clients.js';
import { demandUpgrade, openSocketServer, refuseUpgrade } from '../../socket/upgrades.js';
import { RealtimeSocket, type RealtimeSocketOptions } from './realtime-socket.js';

export interface RealtimeDoorDeps
  extends ServiceCallsDeps,
    Pick<RealtimeSocketOptions, 'openSession' | 'actorOf' | 'store'> {
  readonly callers: Callers;
  readonly bounds: RequestBounds;
  readonly origins: readonly string[];
  readonly proxies: Proxies;
  readonly log: Logger;
  readonly metrics: Metrics;
}

const realtimePath = '/realtime';
/** Subprotocol for pages, which can send a token only as another subprotocol. */
const realtimeProtocol = 'parley.realtime';

/** Returns the token of an upgrade request; undefined if a frame will have it. */
function tokenIn(request: IncomingMessage): string | undefined {
  if (request.url?.includes('?') === true) throw refuse('token-in-url');
  const { authorization } = request.headers;
  return authorization === undefined ? tokenAmong(entriesOf(request)) : bearerOf(authorization);
}

/** The WebSockets of document 004: `GET /realtime`. */
export class RealtimeDoor implements Part {
  readonly #deps: RealtimeDoorDeps;
  readonly #server = openSocketServer({
    handleProtocols: (entries) => (entries.has(realtimeProtocol) ? realtimeProtocol : false),
  });
  readonly #login: StreamLogin;
  readonly #sockets = new TextClients<RealtimeSocket>();
  readonly #strangers = new Strangers();
  #isStopped = false;

  constructor(deps: RealtimeDoorDeps) {
    this.#deps = deps;
    this.#login = new StreamLogin(deps.callers, deps.bounds.slots);
    deps.metrics.gauge('parley_realtime_sockets', 'open WebSockets of document 004', () => this.#sockets.size);
  }

  /** Accepts or refuses every upgrade request for `/realtime`. */
  readonly handleUpgrade: UpgradeHandler = (visit) => {
    if (visit.path !== realtimePath) return false;
    try {
      this.#upgrade(visit);
    } catch (thrown) {
      const refusal = asRefusal(thrown);
      this.#report(refusal.reason, 0);
      refuseUpgrade(visit.socket, refusal);
    }
    return true;
  };

  /** Responds to requests for `/realtime` that do not ask for a WebSocket. */
  readonly askForUpgrade: HttpHandler = ({ response, path }) => {
    if (path !== realtimePath) return false;
    demandUpgrade(response);
    return true;
  };

  /** Ends all sockets, so that clients connect elsewhere. */
  stop(): void {
    this.#isStopped = true;
    this.#sockets.end(refuse('draining'));
  }

  #upgrade({ request, socket, head }: UpgradeVisit): void {
    const { origins, proxies } = this.#deps;
    const address = callerAddress(request, proxies);
    checkOrigin(request, origins);
    if (this.#isStopped) throw refuse('draining');
    const token = tokenIn(request);
    if (token === undefined && this.#strangers.isCrowded(address)) throw refuse('too-busy');
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#welcome(ws, socket, address, token));
  }

  #welcome(ws: WebSocket, socket: Duplex, address: string, token: string | undefined): void {
    const openedAtMs = performance.now();
    const { openSession, actorOf, store, log } = this.#deps;
    const forget = this.#strangers.add(address);
    const client = new RealtimeSocket({
      ...{ ws, socket, address, openSession, actorOf, store, log },
      onToken: forget,
      userOf: (given) => this.#login.userOf(given, address),
      callsFor: (caller) => new ServiceCalls(this.#deps, caller),
      report: boundToCall((reason: string) => this.#report(reason, performance.now() - openedAtMs)),
    });
    this.#sockets.add(client, () => client.owner);
    client.stream.onClose(forget);
    void client.start(token);
  }

  #report(reason: string, ms: number): void {
    this.#deps.metrics.countStream('realtime', reason, ms);
    this.#deps.log.debug({ reason, ms: Math.round(ms) }, 'WebSocket of document 004 ended');
  }
}
