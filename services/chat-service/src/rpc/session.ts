import { createHash } from 'node:crypto';
import type { Goodbye, Message } from '@parley/contract';
import type { RawStream } from '@parley/rpc';
import { limits, type Reason, Refusal, refuse } from '@parley/runtime';
import type { LiveChannel, Person } from '../core/live-channel.js';
import { Throughput } from '../core/meter.js';
import { Reader } from '../core/reader.js';
import type { SeatKey } from '../store/seats.js';
import {
  ackFrame,
  goodbyeFrame,
  messageFrame,
  pingFrame,
  pongFrame,
  presenceFrame,
  refusalFrame,
  typingFrame,
} from './frames.js';
import { decodeMessage, faultOf, stamped } from './incoming.js';

/** What every session of a chat server shares. */
export interface SessionContext {
  readonly messageBytes: number;
  /** Unix ms, the database's clock, never backwards. */
  readonly now: () => number;
  /** False while this server cannot be sure that it still owns its channels. */
  readonly mayPublish: () => boolean;
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
  /** Where in the entries it starts; the end where absent. */
  readonly cursor?: number | undefined;
}

/** How an ending is told: whether a new Listen makes sense, and when. */
export interface Parting {
  readonly listenAgain: boolean;
  readonly retryAfterMs: number;
}

const forGood: Parting = { listenAgain: false, retryAfterMs: 0 };
/** A reader that does not take its goodbye in this time is reset. */
const partWithinMs = 2_000;

/** One user's stream in one live channel: what it sends goes to the channel, what the channel has goes to it. */
export class Session {
  readonly key: SeatKey;
  readonly person: Person;
  readonly channel: LiveChannel;
  readonly events: boolean;
  heardAtMs: number;
  #parting = false;
  readonly #context: SessionContext;
  readonly #stream: RawStream;
  readonly #reader: Reader;
  readonly #arrivals = new Throughput(limits.streamFramesPerSecond, limits.streamBytesPerSecond);
  readonly #throughput = new Throughput(limits.senderMessagesPerSecond, limits.senderBytesPerSecond);

  constructor(options: SessionOptions, context: SessionContext) {
    this.key = options.key;
    this.person = options.person;
    this.channel = options.channel;
    this.events = options.events;
    this.heardAtMs = context.now();
    this.#context = context;
    this.#stream = options.stream;
    this.#reader = new Reader({
      logs: options.channel.logs,
      outlet: options.stream,
      cursor: options.cursor,
      events: options.events,
      maxOwnBytes: limits.ringBytes / 2,
      onWrite: context.onWrite,
      onSlow: () => this.#reset(),
    });
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
    this.#stream.onHalfClose(() => this.#part(undefined));
    this.#reader.pump();
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
    this.#restrain(bytes.length);
    try {
      this.#handle(decodeMessage(bytes));
    } catch (thrown) {
      this.#part(thrown instanceof Refusal ? thrown : refuse('internal', { cause: thrown }));
    }
  }

  /** What need not be published costs time too, pings and refused messages: too much of it is not read until its time comes. */
  #restrain(bytes: number): void {
    const waitMs = this.#arrivals.take(bytes, performance.now());
    if (waitMs === 0) return;
    this.#stream.pause();
    setTimeout(() => this.#stream.resume(), waitMs).unref();
  }

  #handle(message: Message): void {
    if (message.ping !== undefined) this.tell(pongFrame(message.ping.sentAt, this.channel.lastSeq));
    else if (message.pong === undefined && message.receipt === undefined) this.#say(message);
  }

  #say(message: Message): void {
    const refusal = this.#refusalFor(message);
    if (refusal !== undefined) this.#refuse(message.clientId, refusal);
    else if (message.typing !== undefined) this.#relayTyping(message.typing.stopped);
    else if (message.lossy) this.#relayLossy(message);
    else this.#relay(message);
  }

  #refusalFor(message: Message): Refusal | undefined {
    const fault = faultOf(message, this.channel.facts.id, this.#context.messageBytes);
    if (fault !== undefined) return fault;
    if (!this.#context.mayPublish()) return refuse('paused');
    const nowMs = this.#context.now();
    const size = message.data.length;
    const waitMs = this.#throughput.take(size, nowMs) || this.channel.throughput.take(size, nowMs);
    return waitMs > 0 ? refuse('send-too-fast', { retryAfterMs: waitMs }) : undefined;
  }

  /** With events the message is refused; without, nobody could be told, so the stream ends with the reason. */
  #refuse(clientId: string, refusal: Refusal): void {
    if (this.events) this.tell(refusalFrame(clientId, refusal));
    else throw refusal;
  }

  #relayTyping(stopped: boolean): void {
    this.channel.publishLossy(typingFrame({ userId: this.person.id, stopped }));
  }

  #relayLossy(message: Message): void {
    const stamp = { userId: this.person.number, sender: this.person.id, timestamp: this.#context.now(), seq: 0 };
    this.channel.publishLossy(messageFrame(stamped(message, stamp)));
  }

  #relay(message: Message): void {
    const { clientId } = message;
    if (clientId === '') this.#publish(message);
    else this.#relayOnce(message, digestOf(message));
  }

  /** The same client id again is the same message: it gets the first answer and is not said twice. */
  #relayOnce(message: Message, digest: string): void {
    const { clientId } = message;
    const before = this.channel.sent.find(this.person.id, clientId);
    if (before !== undefined && before.digest !== digest) {
      this.#refuse(clientId, refuse('client-id-reused'));
      return;
    }
    const sent = before ?? { ...this.#publish(message), digest };
    if (before === undefined) this.channel.sent.add(this.person.id, clientId, sent);
    this.tell(ackFrame({ clientId, seq: sent.seq, timestamp: sent.timestamp }));
  }

  #publish(message: Message): { seq: number; timestamp: number } {
    const { channel, person } = this;
    const timestamp = this.#context.now();
    const seq = channel.nextSeq();
    channel.publish(messageFrame(stamped(message, { userId: person.number, sender: person.id, timestamp, seq })));
    return { seq, timestamp };
  }
}

function digestOf(message: Message): string {
  const { data, contentType, targetSeq } = message;
  return createHash('sha256').update(`${contentType}\n${targetSeq}\n`).update(data).digest('base64');
}
