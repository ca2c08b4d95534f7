import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { InboxCommand } from '@parley/contract';
import { type Logger, limits, type MemoryHolding, refuse } from '@parley/runtime';
import { Bucket, type BurstRate } from '@parley/service-kit';
import type { WebSocket } from 'ws';
import type { InboxDevice, InboxSession } from '../inbox/session.js';
import { SocketPings } from '../socket/socket-pings.js';
import type { PublicRoom } from '../store/guest-store.js';
import { GuestStream } from './guest-stream.js';
import type { OpenGuest } from './guests.js';
import type { RoomActions } from './room-actions.js';
import type { RoomCommand, RoomsMachine } from './rooms-machine.js';

/** Maximum number of waiting frames of a client. Beyond that, nothing is read from its socket. */
const mostWaiting = 16;
/** Rate at which frames are handled. Any others wait in the socket. */
const frameRate: BurstRate = { burst: 100, perSecond: 50 };
/** Maximum time until a stored message arrives as an event. */
const returnWithinMs = 10_000;

interface Frame {
  readonly payload: Buffer;
  readonly isBinary: boolean;
}

/** Options of the socket of one guest. */
export interface GuestSocketOptions {
  readonly ws: WebSocket;
  readonly socket: Duplex;
  readonly guest: OpenGuest;
  readonly machine: RoomsMachine;
  readonly actions: RoomActions;
  readonly openSession: (device: InboxDevice) => InboxSession;
  readonly log: Logger;
  /** Called once, with the reason of the end. */
  readonly report: (reason: string) => void;
}

/** One guest on a WebSocket. Handles one frame after the other. */
export class GuestSocket {
  readonly stream: GuestStream;
  readonly guest: OpenGuest;
  readonly #options: GuestSocketOptions;
  readonly #pings: SocketPings;
  readonly #frames: Frame[] = [];
  readonly #rate = new Bucket(frameRate);
  #isWorking = true;
  #blockedAtMs: number | undefined;
  /** Called when a message of the guest has arrived as an event. */
  #onReturn: () => void = () => {};

  constructor(options: GuestSocketOptions) {
    const { ws, socket, machine, report, guest } = options;
    this.#options = options;
    this.guest = guest;
    this.stream = new GuestStream({
      ws,
      socket,
      tell: (event) => (event.welcome === undefined ? this.#tell(event) : this.#begin()),
      goodbye: (refusal) => machine.goodbye(refusal),
      report,
    });
    const onFlood = () => this.stream.end(refuse('send-too-fast'));
    this.#pings = new SocketPings(ws, { onSilence: () => this.stream.cut('idle'), onFlood });
    ws.on('message', (payload: Buffer, isBinary: boolean) => this.#receive({ payload, isBinary }));
    ws.on('error', () => {}); // `ws` has sent the close frame.
    this.stream.onClose(() => this.#onReturn());
  }

  /** Opens the inbox of the guest. */
  open(): void {
    const { openSession, guest } = this.#options;
    const { me, token, address } = guest;
    openSession({ me, token, address, stream: this.stream }).take(InboxCommand.fromPartial({ watch: {} }));
  }

  /** What the guest may do. */
  get actions(): RoomActions {
    return this.#options.actions;
  }

  /** Tells the client of a new room. */
  tellRoom(room: PublicRoom): void {
    this.stream.send(this.#options.machine.created(room));
  }

  /** Leaves all rooms. */
  async leave(): Promise<void> {
    const { actions, machine } = this.#options;
    await Promise.allSettled([...machine.channelIds].map((id) => actions.leave(id)));
  }

  /** Pings the client, and cuts off one that reads nothing. */
  tick(nowMs: number, pingEveryMs: number, unread: MemoryHolding): void {
    if (this.stream.ended) return;
    unread.set(this.stream.unreadBytes);
    this.#blockedAtMs = this.stream.isBlocked ? (this.#blockedAtMs ?? nowMs) : undefined;
    if (this.#blockedAtMs !== undefined && nowMs - this.#blockedAtMs > limits.takenWithinMs)
      this.stream.cut('too-slow');
    else this.#pings.tick(nowMs, pingEveryMs);
  }

  #tell(event: Parameters<RoomsMachine['tell']>[0]): string[] {
    const { machine } = this.#options;
    const frames = machine.tell(event);
    if (!machine.isWaiting) this.#onReturn();
    return frames;
  }

  /** Begins with the frames that arrived before the inbox was open. */
  #begin(): string[] {
    queueMicrotask(() => void this.#work());
    return this.#options.machine.hello();
  }

  #receive(frame: Frame): void {
    this.#pings.note();
    this.#frames.push(frame);
    if (this.#frames.length >= mostWaiting) this.#options.ws.pause();
    if (!this.#isWorking) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
      await this.#whenTaken();
      for (let waitMs = this.#rate.take(); waitMs > 0; waitMs = this.#rate.take()) await pause(waitMs);
      if (this.stream.ended) return;
      const asked = this.#options.machine.read(frame.payload, frame.isBinary);
      if (Array.isArray(asked)) this.stream.send(asked);
      else await this.#run(asked);
      if (this.#options.ws.isPaused && this.#frames.length < mostWaiting) this.#options.ws.resume();
    }
    this.#isWorking = false;
  }

  /** Resolves when the client has read the earlier responses. */
  #whenTaken(): Promise<void> {
    if (!this.stream.isBlocked) return Promise.resolve();
    return new Promise((resolve) => this.stream.onDrain(resolve));
  }

  async #run(command: RoomCommand): Promise<void> {
    const { actions, machine, log } = this.#options;
    this.stream.hold();
    const outcome = await actions.run(command);
    if (outcome.kind === 'refused' && outcome.refusal.reason === 'internal')
      log.error({ act: command.act, err: outcome.refusal.cause }, 'call failed');
    this.stream.send(machine.answer(command, outcome));
    this.stream.release();
    if (machine.isWaiting) await this.#untilReturned();
  }

  /** Waits until a stored message has arrived as an event, so that the frames keep their order. */
  async #untilReturned(): Promise<void> {
    const { machine } = this.#options;
    const over = new AbortController();
    const returned = new Promise<void>((resolve) => {
      this.#onReturn = resolve;
    });
    await Promise.race([returned, pause(returnWithinMs, undefined, { signal: over.signal }).catch(() => {})]);
    over.abort();
    this.#onReturn = () => {};
    if (machine.isWaiting && !this.stream.ended) this.stream.send(machine.giveUp());
  }
}
