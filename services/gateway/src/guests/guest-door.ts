import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Ack, Message } from '@parley/contract';
import { boundToCall, type Logger, type Metrics, type Part, type Refusal, refuse } from '@parley/runtime';
import { asRefusal, type Callers, newBotToken, type Proxies, type UserCaller } from '@parley/service-kit';
import type { WebSocket } from 'ws';
import { ServiceCalls, type ServiceCallsDeps } from '../api/service-calls.js';
import { callerAddress } from '../http/caller-address.js';
import type { HttpHandler, UpgradeHandler, UpgradeVisit } from '../http/handler.js';
import type { InboxDevice, InboxSession } from '../inbox/session.js';
import { checkOrigin } from '../socket/handshake.js';
import { TextClients } from '../socket/text-clients.js';
import { demandUpgrade, openSocketServer, refuseUpgrade, type UpgradeRefusal } from '../socket/upgrades.js';
import type { GuestStore, PublicRoom } from '../store/guest-store.js';
import { GuestSocket } from './guest-socket.js';
import type { Guests, OpenGuest } from './guests.js';
import { RoomActions } from './room-actions.js';
import { RoomWatch } from './room-watch.js';
import type { RoomsMachine } from './rooms-machine.js';

/** One door of guests: its paths and its protocol. */
export interface GuestDialect {
  /** Name in metrics and in the log. */
  readonly name: string;
  /** Returns whether a path belongs to this door. */
  readonly owns: (path: string) => boolean;
  /**
   * Returns the name that this path requests for the guest; undefined requests a number.
   * @throws {Refusal} `invalid-name`
   */
  readonly nameIn: (path: string) => string | undefined;
  /** Returns how the door refuses a guest in its own words. Absent: as all doors do. */
  readonly refusalOf?: (refusal: Refusal) => UpgradeRefusal | undefined;
  readonly machineOf: (userId: string) => RoomsMachine;
}

export interface GuestDoorDeps extends ServiceCallsDeps {
  readonly callers: Callers;
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

/** The WebSockets of guests. */
export class GuestDoor implements Part {
  readonly #deps: GuestDoorDeps;
  readonly #server = openSocketServer();
  readonly #sockets = new TextClients<GuestSocket>();
  readonly #rooms: RoomWatch | undefined;
  #isStopped = false;

  constructor(deps: GuestDoorDeps) {
    this.#deps = deps;
    const { store, guests, log } = deps;
    const onCreated = (room: PublicRoom) => {
      for (const one of this.#sockets) one.tellRoom(room);
    };
    const failed = (err: unknown) => log.warn({ err }, 'new rooms were not found; retrying');
    if (guests.isOpen) this.#rooms = new RoomWatch({ store, onCreated, failed });
  }

  /** Accepts or refuses the upgrade requests for the paths of the dialects. */
  readonly handleUpgrade: UpgradeHandler = (visit) => {
    const dialect = this.#deps.dialects.find(({ owns }) => owns(visit.path));
    if (dialect === undefined) return false;
    visit.socket.on('error', () => {}); // The client disconnected.
    this.#upgrade(visit, dialect).catch((thrown: unknown) => {
      const refusal = asRefusal(thrown);
      this.#report(dialect, refusal.reason, 0);
      refuseUpgrade(visit.socket, refusal, dialect.refusalOf?.(refusal));
    });
    return true;
  };

  /** Responds to requests for these paths that do not ask for a WebSocket. */
  readonly askForUpgrade: HttpHandler = ({ response, path }) => {
    if (!this.#deps.dialects.some(({ owns }) => owns(path))) return false;
    demandUpgrade(response);
    return true;
  };

  /** Returns the actions of a guest, whether or not its socket is here. */
  async actionsOf(userId: string): Promise<RoomActions> {
    const here = [...this.#sockets].find(({ guest }) => guest.me.id === userId);
    if (here !== undefined) return here.actions;
    const { store, callers } = this.#deps;
    const { token, hash } = newBotToken();
    await store.openSession(userId, hash);
    return this.#actionsFor(await callers.userOf(token), token, '', new EventEmitter());
  }

  /** Tells all guests of new rooms now. They learn of them within a second anyway. */
  tellRooms(): void {
    this.#rooms?.check();
  }

  /** Ends all sockets. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#rooms?.stop();
    this.#sockets.end(refuse('draining'));
  }

  async #upgrade({ request, socket, head, path }: UpgradeVisit, dialect: GuestDialect): Promise<void> {
    const { guests, origins, proxies } = this.#deps;
    checkOrigin(request, origins);
    if (this.#isStopped) throw refuse('draining');
    const guest = await guests.open(dialect.nameIn(path), callerAddress(request, proxies));
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
    const { openSession, log } = this.#deps;
    const one = new GuestSocket({
      ...{ ws, socket, guest, openSession, log },
      machine: dialect.machineOf(me.id),
      actions: this.#actionsFor(me, token, address, ws),
      report: boundToCall((reason: string) => this.#report(dialect, reason, performance.now() - openedAtMs)),
    });
    this.#sockets.add(one, () => me.id);
    ws.once('close', () => void this.#gone(one));
    if (this.#isStopped) one.stream.end(refuse('draining'));
    else one.open();
  }

  #actionsFor(me: UserCaller, token: string, address: string, response: EventEmitter): RoomActions {
    const { store, actorOf } = this.#deps;
    const calls = new ServiceCalls(this.#deps, { token, address, response });
    const post = (message: Message) => actorOf(me, token).post(message);
    return new RoomActions({ calls, store, post, userId: me.id });
  }

  async #gone(one: GuestSocket): Promise<void> {
    await one.leave();
    await this.#deps.guests.close(one.guest);
  }

  #report({ name }: GuestDialect, reason: string, ms: number): void {
    this.#deps.metrics.countStream(name, reason, ms);
    this.#deps.log.debug({ door: name, reason, ms: Math.round(ms) }, 'guest left');
  }
}
