import type { Duplex } from 'node:stream';
import type { Ack, Message } from '@parley/contract';
import { type Logger, limits, MemoryBudget, type Metrics, type Part, refuse } from '@parley/runtime';
import { asRefusal, type Proxies, type UserCaller } from '@parley/service-kit';
import { type WebSocket, WebSocketServer } from 'ws';
import { ServiceCalls, type ServiceCallsDeps } from '../api/service-calls.js';
import { callerAddress } from '../http/caller-address.js';
import type { HttpHandler, UpgradeHandler, UpgradeVisit } from '../http/handler.js';
import type { InboxDevice, InboxSession } from '../inbox/session.js';
import { checkOrigin } from '../socket/handshake.js';
import { refuseUpgrade, webSocketOptions } from '../socket/upgrades.js';
import type { GuestStore } from '../store/guest-store.js';
import { GuestSocket } from './guest-socket.js';
import type { Guests, OpenGuest } from './guests.js';
import { RoomActions } from './room-actions.js';
import type { RoomsMachine } from './rooms-machine.js';

/** One door of guests: its paths and its protocol. */
export interface GuestDialect {
  /** Name in metrics and in the log. */
  readonly name: string;
  /**
   * Returns the name that this path requests for the guest: '' requests a number, and undefined
   * means that the path belongs to another door.
   */
  readonly nameIn: (path: string) => string | undefined;
  readonly machineOf: (userId: string) => RoomsMachine;
}

export interface GuestDoorDeps extends ServiceCallsDeps {
  readonly guests: Guests;
  readonly store: GuestStore;
  readonly dialects: readonly GuestDialect[];
  readonly actorOf: (me: UserCaller, token: string) => { post(message: Message): Promise<Partial<Ack>> };
  readonly openSession: (device: InboxDevice) => InboxSession;
  readonly origins: readonly string[];
  readonly proxies: Proxies;
  readonly log: Logger;
  readonly metrics: Metrics;
}

const pingEveryMs = 25_000;
const tickEveryMs = 1_000;

/** The WebSockets of guests. */
export class GuestDoor implements Part {
  readonly #deps: GuestDoorDeps;
  readonly #server = new WebSocketServer(webSocketOptions);
  readonly #sockets = new Map<GuestSocket, ReturnType<MemoryBudget['open']>>();
  readonly #unread = new MemoryBudget(limits.unreadBytes);
  readonly #timer: NodeJS.Timeout;
  #isStopped = false;

  constructor(deps: GuestDoorDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      for (const [socket, unread] of this.#sockets) socket.tick(nowMs, pingEveryMs, unread);
    }, tickEveryMs).unref();
  }

  /** Accepts or refuses the upgrade requests for the paths of the dialects. */
  readonly handleUpgrade: UpgradeHandler = (visit) => {
    const [dialect] = this.#deps.dialects.filter(({ nameIn }) => nameIn(visit.path) !== undefined);
    if (dialect === undefined) return false;
    visit.socket.on('error', () => {}); // The client disconnected.
    this.#upgrade(visit, dialect).catch((thrown: unknown) => {
      const refusal = asRefusal(thrown);
      this.#report(dialect, refusal.reason, 0);
      refuseUpgrade(visit.socket, refusal);
    });
    return true;
  };

  /** Responds to requests for these paths that do not ask for a WebSocket. */
  readonly askForUpgrade: HttpHandler = ({ response, path }) => {
    if (!this.#deps.dialects.some(({ nameIn }) => nameIn(path) !== undefined)) return false;
    const headers = { 'content-type': 'text/plain; charset=utf-8', upgrade: 'websocket', connection: 'upgrade' };
    response.writeHead(426, headers).end('This path speaks WebSocket.\n');
    return true;
  };

  /** Ends all sockets. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    for (const { stream } of this.#sockets.keys()) stream.end(refuse('draining'));
  }

  async #upgrade({ request, socket, head, path }: UpgradeVisit, dialect: GuestDialect): Promise<void> {
    const { guests, origins, proxies } = this.#deps;
    checkOrigin(request, origins);
    if (this.#isStopped) throw refuse('draining');
    const guest = await guests.open(dialect.nameIn(path) || undefined, callerAddress(request, proxies));
    if (socket.destroyed) return guests.close(guest);
    const abandon = () => void guests.close(guest);
    socket.once('close', abandon);
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      socket.off('close', abandon);
      this.#welcome(ws, socket, guest, dialect);
    });
  }

  #welcome(ws: WebSocket, socket: Duplex, guest: OpenGuest, dialect: GuestDialect): void {
    const openedAtMs = performance.now();
    const { me, token, address } = guest;
    const { openSession, store, actorOf, log } = this.#deps;
    const calls = new ServiceCalls(this.#deps, { token, address, response: ws });
    const post = (message: Message) => actorOf(me, token).post(message);
    const one = new GuestSocket({
      ...{ ws, socket, guest, openSession, log },
      machine: dialect.machineOf(me.id),
      actions: new RoomActions({ calls, store, post, userId: me.id }),
      report: (reason) => this.#report(dialect, reason, performance.now() - openedAtMs),
    });
    const unread = this.#unread.open(
      () => [me.id],
      () => one.stream.cut('too-slow'),
    );
    this.#sockets.set(one, unread);
    ws.once('close', () => void this.#gone(one));
    if (this.#isStopped) one.stream.end(refuse('draining'));
    else one.open();
  }

  async #gone(one: GuestSocket): Promise<void> {
    this.#sockets.get(one)?.set(0);
    this.#sockets.delete(one);
    await one.leave();
    await this.#deps.guests.close(one.guest);
  }

  #report({ name }: GuestDialect, reason: string, ms: number): void {
    this.#deps.metrics.countCall(name, reason, ms);
    this.#deps.log.debug({ door: name, reason, ms: Math.round(ms) }, 'guest left');
  }
}
