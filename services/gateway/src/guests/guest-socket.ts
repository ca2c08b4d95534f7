import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { InboxCommand } from '@parley/contract';
import { type Logger, type MemoryHolding, type Refusal, refuse } from '@parley/runtime';
import type { WebSocket } from 'ws';
import type { InboxDevice, InboxSession } from '../inbox/session.js';
import { TextClient, type TextFrame } from '../socket/text-client.js';
import type { TextStream } from '../socket/text-stream.js';
import type { PublicRoom } from '../store/guest-store.js';
import type { OpenGuest } from './guests.js';
import type { RoomActions } from './room-actions.js';
import type { RoomCommand, RoomsMachine } from './rooms-machine.js';

/** Maximum time until a stored message arrives as an event. */
const returnWithinMs = 10_000;

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

/** One guest on a WebSocket. */
export class GuestSocket {
  readonly guest: OpenGuest;
  readonly #options: GuestSocketOptions;
  readonly #text: TextClient;
  /** Called when a message of the guest has arrived as an event. */
  #onReturn: () => void = () => {};

  constructor(options: GuestSocketOptions) {
    const { ws, socket, machine, report, guest } = options;
    this.#options = options;
    this.guest = guest;
    this.#text = new TextClient({
      ...{ ws, socket, report },
      handle: (frame) => this.#handle(frame),
      tell: (event) => (event.welcome === undefined ? this.#tell(event) : this.#begin()),
      goodbye: (refusal) => machine.goodbye(refusal),
    });
    this.stream.onClose(() => this.#onReturn());
  }

  get stream(): TextStream {
    return this.#text.stream;
  }

  /** Opens the inbox of the guest. */
  open(): void {
    const { openSession, guest } = this.#options;
    const { me, token, address } = guest;
    openSession({ me, token, address, stream: this.stream }).take(InboxCommand.fromPartial({ watch: {} }));
  }

  /** Actions of the guest in rooms. */
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
    this.#text.tick(nowMs, pingEveryMs, unread);
  }

  #tell(event: Parameters<RoomsMachine['tell']>[0]): readonly string[] {
    const { machine } = this.#options;
    if (event.gap !== undefined || event.reset === true) {
      this.stream.end(lost());
      return [];
    }
    const frames = machine.tell(event);
    if (!machine.isWaiting) this.#onReturn();
    return frames;
  }

  /** Begins with the frames that arrived before the inbox was open. */
  #begin(): string[] {
    this.#text.start();
    return this.#options.machine.hello();
  }

  async #handle({ payload, isBinary }: TextFrame): Promise<void> {
    const asked = this.#options.machine.read(payload, isBinary);
    if (Array.isArray(asked)) this.stream.send(asked);
    else await this.#run(asked);
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

/**
 * Returns the refusal after which a guest must connect again, because these doors cannot show a
 * gap.
 */
function lost(): Refusal {
  return refuse('too-slow', { message: 'some messages could not be shown: connect again' });
}
