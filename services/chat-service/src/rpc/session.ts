import { setTimeout as pause } from 'node:timers/promises';
import type { Goodbye, Message } from '@parley/contract';
import type { RawStream } from '@parley/rpc';
import { limits, type Reason, type Refusal, refusalFrom, refuse } from '@parley/runtime';
import type { LiveChannel, Person } from '../core/live-channel.js';
import { type Rate, Throughput } from '../core/meter.js';
import { Reader } from '../core/reader.js';
import type { SeatKey } from '../store/seats.js';
import { ackFrame, goodbyeFrame, pingFrame, pongFrame, presenceFrame, refusalFrame } from './frames.js';
import { decodeMessage } from './incoming.js';
import { type Author, Posting, type PostingContext, type Standing } from './posting.js';
import { replay } from './replay.js';

/** What every session of a chat server shares. */
export interface SessionContext extends PostingContext {
  readonly onWrite: (frames: number) => void;
  /** Called once per session, however it ends. */
  readonly onClose: (session: Session) => void;
  readonly onReset: () => void;
}

export interface SessionOptions {
  readonly key: SeatKey;
  readonly person: Person;
  readonly channel: LiveChannel;
  readonly stream: RawStream;
  /** The client asked for events. */
  readonly events: boolean;
  readonly standing: Standing;
  /** Where in the ring it starts; the end where absent. */
  readonly cursor?: number | undefined;
  /** What follows this seq is read from the table first. */
  readonly replayAfter?: number;
}

/** How an ending is told: whether a new Listen makes sense, and when. */
export interface Parting {
  readonly listenAgain: boolean;
  readonly retryAfterMs: number;
}

const forGood: Parting = { listenAgain: false, retryAfterMs: 0 };
/** A reader that does not take its goodbye in this time is reset. */
const partWithinMs = 2_000;
/** A reader that takes longer for what it has missed is reset; it comes back for the rest. */
const replayWithinMs = 60_000;

/** Frames of any kind that one stream may bring, where its user may say so much. */
function arrivalsFor({ messagesPerSecond, bytesPerSecond }: Rate): Rate {
  return {
    messagesPerSecond: (messagesPerSecond * limits.streamFramesPerSecond) / limits.senderMessagesPerSecond,
    bytesPerSecond: (bytesPerSecond * limits.streamBytesPerSecond) / limits.senderBytesPerSecond,
  };
}

/** One user's stream in one live channel: what it sends goes to the channel, what the channel has goes to it. */
export class Session {
  readonly key: SeatKey;
  readonly person: Person;
  readonly channel: LiveChannel;
  readonly events: boolean;
  /** What its user may do here just now. */
  standing: Standing;
  heardAtMs: number;
  #parting = false;
  readonly #context: SessionContext;
  readonly #stream: RawStream;
  readonly #reader: Reader;
  readonly #arrivals: Throughput;
  readonly #posting: Posting;
  readonly #replaysAfter: number | undefined;
  #holds = 0;

  constructor(options: SessionOptions, context: SessionContext) {
    this.key = options.key;
    this.person = options.person;
    this.channel = options.channel;
    this.events = options.events;
    this.standing = options.standing;
    this.heardAtMs = context.now();
    this.#context = context;
    this.#stream = options.stream;
    this.#reader = new Reader({
      logs: options.channel.logs,
      outlet: options.stream,
      cursor: options.cursor,
      held: options.replayAfter !== undefined,
      events: options.events,
      maxOwnBytes: limits.ringBytes / 2,
      onWrite: context.onWrite,
      onSlow: () => this.#reset(),
    });
    this.#arrivals = new Throughput(arrivalsFor(context.rate));
    this.#replaysAfter = options.replayAfter;
    this.#posting = new Posting(this.#author(), options.channel, context);
  }

  #author(): Author {
    const session = this;
    return {
      person: this.person,
      get standing() {
        return session.standing;
      },
      accepted: (clientId, seq, timestamp) => this.tell(ackFrame({ clientId, seq, timestamp })),
      refused: (clientId, refusal) => this.#refuse(clientId, refusal),
    };
  }

  /** Enters the channel, says `welcome` to those who asked, and listens. */
  open(welcome: Buffer): void {
    const { channel, person } = this;
    if (channel.enter(this.key.seat, person, this.#reader)) {
      channel.publishLossy(presenceFrame([person], [], channel.users));
    }
    this.tell(welcome);
    this.#stream.onClose(() => this.#close());
    this.#stream.onMessage((bytes) => this.#receive(bytes));
    this.#stream.onHalfClose(() => void this.#posting.settled().then(() => this.#part(undefined)));
    if (this.#replaysAfter === undefined) this.#reader.pump();
    else this.#replayAfter(this.#replaysAfter);
  }

  /** Ends the stream: says why to those who asked, then the status. Frames that wait go first. */
  goodbye(reason: Reason, parting: Parting = forGood): void {
    const refusal = refuse(reason, { retryAfterMs: parting.retryAfterMs });
    const { log } = this.channel.facts;
    const words: Goodbye = { reason, message: refusal.message, ...parting, log, seq: this.channel.lastSeq };
    this.#part(refusal, goodbyeFrame(words));
  }

  ping(nowMs: number): void {
    this.tell(pingFrame(nowMs, this.channel.lastSeq));
  }

  #part(refusal: Refusal | undefined, last?: Buffer): void {
    if (this.#parting) return;
    this.#parting = true;
    const patience = setTimeout(() => this.#reset(), partWithinMs);
    this.#stream.onClose(() => clearTimeout(patience));
    this.#reader.finish(this.events ? last : undefined, () => this.#stream.end(refusal));
  }

  /** A frame for this client alone, where it asked for events. */
  tell(frame: Buffer): void {
    if (this.events) this.#reader.tell(frame);
  }

  #reset(): void {
    if (!this.#stream.ended) this.#context.onReset();
    this.#stream.reset();
  }

  #close(): void {
    const { channel, person } = this;
    this.#reader.leave();
    if (channel.leave(this.key.seat, this.#context.now())) {
      channel.publishLossy(presenceFrame([], [person], channel.users));
    }
    this.#context.onClose(this);
  }

  #receive(bytes: Buffer): void {
    if (this.#parting || this.#stream.ended) return;
    this.heardAtMs = this.#context.now();
    this.#restrain(bytes.length, this.heardAtMs);
    try {
      const busy = this.#handle(decodeMessage(bytes));
      if (busy !== undefined) this.#waitFor(busy);
    } catch (thrown) {
      this.#part(refusalFrom(thrown));
    }
  }

  /** One message at a time: the next one is not read before this one was decided. */
  #waitFor(busy: Promise<void>): void {
    this.#holdUntil(busy.catch((thrown) => this.#part(refusalFrom(thrown))));
  }

  /** What need not be published costs time too, pings and refused messages: too much of it is not read until its time comes. */
  #restrain(bytes: number, nowMs: number): void {
    const waitMs = this.#arrivals.take(bytes, nowMs);
    if (waitMs > 0) this.#holdUntil(pause(waitMs, undefined, { ref: false }));
  }

  /** Nothing more is read before this, and all else that holds it back, is over. */
  #holdUntil(over: Promise<void>): void {
    this.#holds += 1;
    this.#stream.pause();
    over.finally(() => {
      this.#holds -= 1;
      if (this.#holds === 0) this.#stream.resume();
    });
  }

  #handle(message: Message): Promise<void> | undefined {
    if (message.ping !== undefined) this.tell(pongFrame(message.ping.sentAt, this.channel.lastSeq));
    else if (message.pong === undefined && message.receipt === undefined) return this.#posting.take(message);
    return undefined;
  }

  /** With events the message is refused; without, nobody could be told, so the stream ends with the reason. */
  #refuse(clientId: string, refusal: Refusal): void {
    if (this.events) this.tell(refusalFrame(clientId, refusal));
    else this.#part(refusal);
  }

  /** Entries that are no longer in the ring, then live. */
  #replayAfter(seq: number): void {
    const { channel, events } = this;
    const patience = setTimeout(() => this.#reset(), replayWithinMs);
    const { messages } = this.#context;
    replay(seq, { channel, stream: this.#stream, messages, events })
      .then((cursor) => (cursor === undefined ? this.#reset() : this.#reader.start(cursor)))
      .catch((thrown) => this.#part(refusalFrom(thrown)))
      .finally(() => clearTimeout(patience));
  }
}
