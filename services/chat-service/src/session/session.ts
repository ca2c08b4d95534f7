import { setTimeout as pause } from 'node:timers/promises';
import { type Ack, type Goodbye, hasSeveralEvents, type Message } from '@parley/contract';
import { type MessageRate, MessageRateLimiter, Subscriber } from '@parley/fanout';
import {
  limits,
  type MemoryBudget,
  type MemoryHolding,
  type Reason,
  type Refusal,
  refusalFrom,
  refuse,
} from '@parley/runtime';
import type { LiveChannel, Person } from '../core/live-channel.js';
import type { Receipts } from '../core/receipts.js';
import type { MessageStore } from '../store/messages.js';
import type { SeatKey } from '../store/seats.js';
import {
  decodeMessage,
  encodeAck,
  encodeGoodbye,
  encodePing,
  encodePong,
  encodeRefusal,
  refusalAck,
} from './frames.js';
import { atOnce, type CloseInfo, forGood, noteReceipt, type Participant, type Participants } from './participants.js';
import { arrive, depart } from './presence.js';
import { isPassing, Publisher, type PublisherContext, type PublishResponder } from './publisher.js';
import { replay } from './replay.js';
import type { Membership } from './rules.js';
import type { MessageStream } from './stream.js';

/**
 * Cause of a reset: a reader fell behind the ring, did not read its goodbye or the missed entries
 * in time, or held too much memory; or a gateway was silent.
 */
export type ResetCause = 'behind' | 'goodbye' | 'replay' | 'memory' | 'silent';

/** Dependencies that all sessions of a chat server share. */
export interface SessionContext extends PublisherContext {
  readonly messages: MessageStore;
  readonly receipts: Receipts;
  readonly participants: Participants;
  readonly onWrite: (frames: number) => void;
  /** Called once per session, however it ends. */
  readonly onClose: (session: ChatSession) => void;
  readonly onReset: (why: ResetCause) => void;
  /** Memory of everything in all sessions that clients have not read. */
  readonly unread: MemoryBudget;
  /**
   * Charges a user for bytes read from the table. Returns the milliseconds to wait before the next
   * read.
   */
  readonly chargeReplay: (userId: string, bytes: number) => number;
}

export interface SessionOptions {
  readonly key: SeatKey;
  readonly person: Person;
  readonly channel: LiveChannel;
  readonly stream: MessageStream;
  /** Whether the client asked for events. */
  readonly events: boolean;
  readonly membership: Membership;
  /** Seq up to which the user may not read messages. */
  readonly hiddenUpTo: number;
  /** Cursor at which the reader starts. Default: the end of the ring. */
  readonly cursor?: number | undefined;
  /** Seq after which entries are first read from the table. */
  readonly replayAfter?: number;
  /**
   * Number of bytes after which the stream ends, so that the client resumes on another one.
   * Default: no limit.
   */
  readonly mostBytes?: number;
}

/** Milliseconds after which a reader that has not read its goodbye is reset. */
const partWithinMs = 2_000;
/**
 * Milliseconds after which a reader that has not read all missed entries is reset. The client
 * reconnects for the rest.
 */
const replayWithinMs = 60_000;

/**
 * Returns the limit for frames of any kind on one stream or handle, derived from the limit for the
 * user's messages.
 */
export function arrivalsFor({ messagesPerSecond, bytesPerSecond }: MessageRate): MessageRate {
  return {
    messagesPerSecond: (messagesPerSecond * limits.streamFramesPerSecond) / limits.senderMessagesPerSecond,
    bytesPerSecond: (bytesPerSecond * limits.streamBytesPerSecond) / limits.senderBytesPerSecond,
  };
}

/** One user's stream in one live channel. It passes messages in both directions. */
export class ChatSession implements Participant {
  readonly key: SeatKey;
  readonly person: Person;
  readonly channel: LiveChannel;
  readonly events: boolean;
  readonly hiddenUpTo: number;
  membership: Membership;
  heardAtMs: number;
  /** The goodbye for the client, once it is known. */
  farewell: Goodbye | undefined;
  #parting = false;
  #deaf = false;
  readonly #context: SessionContext;
  readonly #stream: MessageStream;
  readonly #reader: Subscriber;
  readonly #arrivals: MessageRateLimiter;
  readonly #publisher: Publisher;
  readonly #mostBytes: number | undefined;
  /**
   * Sends acks on the stream. A message without a client id gets none, because the client could not
   * match it.
   */
  readonly #responder: PublishResponder = {
    accepted: (clientId, seq, timestamp) => clientId !== '' && this.tell(encodeAck({ clientId, seq, timestamp })),
    refused: (clientId, refusal) => this.#refuse(clientId, refusal),
  };
  #holds = 0;
  #unwritten = 0;
  /** Last seq that was read from the table; undefined once the session is live. */
  #replayedTo: number | undefined;

  constructor(options: SessionOptions, context: SessionContext) {
    this.key = options.key;
    this.person = options.person;
    this.channel = options.channel;
    this.events = options.events;
    this.hiddenUpTo = options.hiddenUpTo;
    this.membership = options.membership;
    this.heardAtMs = context.now();
    this.#context = context;
    this.#stream = options.stream;
    this.#reader = new Subscriber({
      rings: options.channel.rings,
      sink: options.stream,
      cursor: options.cursor,
      held: options.replayAfter !== undefined,
      events: options.events,
      hiddenUpTo: options.hiddenUpTo,
      maxOwnBytes: limits.ringBytes / 2,
      onWrite: context.onWrite,
      unread: this.#openUnread(),
      onSlow: () => this.#reset('behind'),
    });
    this.#arrivals = new MessageRateLimiter(arrivalsFor(context.rate));
    this.#replayedTo = options.replayAfter;
    this.#mostBytes = options.mostBytes;
    this.#publisher = new Publisher(this, options.channel, context);
  }

  /** Enters the channel, sends the welcome if the client asked for events, and starts to read. */
  open(welcome: () => Uint8Array): void {
    const { channel, person } = this;
    this.#context.participants.add(this);
    arrive(channel, this.key.seat, person, this.#reader);
    if (this.events) this.tell(welcome());
    this.#stream.onClose(() => this.#close());
    this.#stream.onMessage((bytes) => this.#receive(bytes));
    if (this.#mostBytes !== undefined) this.#stream.onWritten(this.#mostBytes, () => setImmediate(() => this.#renew()));
    this.#stream.onHalfClose(() => void this.#publisher.settled().then(() => this.#part(undefined)));
    if (this.#replayedTo === undefined) this.#reader.flush();
    else this.#replayAfter(this.#replayedTo);
  }

  /** Seq after which another stream resumes, once the queued frames are written. */
  get #lastWritten(): number {
    return this.#replayedTo ?? this.channel.lastSeq - this.#unwritten;
  }

  /**
   * Ends the stream after its queued frames: with a goodbye if the client asked for events, then
   * with the status.
   */
  goodbye(reason: Reason, parting: CloseInfo = forGood): void {
    const refusal = refuse(reason, { retryAfterMs: parting.retryAfterMs });
    const { log } = this.channel.facts;
    this.farewell ??= { reason, message: refusal.message, ...parting, log, seq: this.#lastWritten };
    this.#part(refusal, encodeGoodbye(this.farewell));
  }

  /**
   * Ends the stream so that the client resumes on a new one, which gets the frames that were not
   * written yet.
   */
  #renew(): void {
    this.#unwritten = this.#reader.hold();
    this.goodbye('long-stream', atOnce);
  }

  /** Ignores everything that the client sends from now on. A goodbye will follow. */
  deafen(): void {
    this.#deaf = true;
  }

  ping(nowMs: number): void {
    this.tell(encodePing(nowMs, this.channel.lastSeq));
  }

  #part(refusal: Refusal | undefined, last?: Uint8Array): void {
    if (this.#parting) return;
    this.#parting = true;
    this.deafen();
    const patience = setTimeout(() => this.#reset('goodbye'), partWithinMs);
    this.#stream.onClose(() => clearTimeout(patience));
    this.#reader.finish(this.events ? last : undefined, () => this.#stream.end(refusal));
  }

  #openUnread(): MemoryHolding {
    return this.#context.unread.open(
      () => [this.person.id],
      () => this.#reset('memory'),
    );
  }

  /** Does the periodic work of the session. Called once a second. */
  tick(): void {
    this.#reader.tick();
    this.#publisher.showTyping();
  }

  /** Sends a frame to this client only, if the client asked for events. */
  tell(frame: Uint8Array): void {
    if (this.events) this.#reader.send(frame);
  }

  #reset(why: ResetCause): void {
    if (!this.#stream.ended) this.#context.onReset(why);
    this.#stream.reset();
  }

  #close(): void {
    const { channel, person } = this;
    this.#reader.leave();
    this.#context.participants.remove(this);
    depart(channel, this.key.seat, person, this.#context.now());
    this.#context.onClose(this);
  }

  #receive(bytes: Buffer): void {
    if (this.#deaf || this.#stream.ended) return;
    this.heardAtMs = this.#context.now();
    this.#restrain(bytes.length, this.heardAtMs);
    try {
      this.#handle(decodeMessage(bytes));
    } catch (thrown) {
      this.#part(refusalFrom(thrown));
    }
  }

  /**
   * Limits the rate of all frames, because pings and refused messages cost time too. Stops reading
   * while the rate is too high.
   */
  #restrain(bytes: number, nowMs: number): void {
    const waitMs = this.#arrivals.take(bytes, nowMs);
    if (waitMs > 0) this.#holdUntil(pause(waitMs, undefined, { ref: false }));
  }

  /** Stops reading until this promise and all other holds have ended. */
  #holdUntil(over: Promise<void>): void {
    this.#holds += 1;
    this.#stream.pause();
    over.finally(() => {
      this.#holds -= 1;
      if (this.#holds === 0) this.#stream.resume();
    });
  }

  #handle(message: Message): void {
    if (!this.#handleStreamFrame(message)) this.#publisher.publish(message, this.#responder);
  }

  /**
   * Handles a frame that concerns only the stream. Returns false for a frame that is for the
   * channel. Also returns false if a frame names several events, because the channel refuses it.
   */
  #handleStreamFrame(message: Message): boolean {
    if (hasSeveralEvents(message)) return false;
    const { ping, pong, receipt } = message;
    if (ping !== undefined) this.tell(encodePong(ping.sentAt, this.channel.lastSeq));
    if (receipt !== undefined) noteReceipt(this, receipt, this.#context.receipts);
    return ping !== undefined || pong !== undefined || receipt !== undefined;
  }

  /**
   * Handles a frame of a `Send` call and returns its ack.
   * @throws {Refusal} `malformed`, `seat-gone` if the stream is ending, `send-too-fast` above the
   * rate limit.
   */
  async post(bytes: Buffer): Promise<Partial<Ack>> {
    if (this.#deaf || this.#stream.ended) throw refuse('seat-gone');
    this.heardAtMs = this.#context.now();
    const waitMs = this.#arrivals.take(bytes.length, this.heardAtMs);
    if (waitMs > 0) throw refuse('send-too-fast', { retryAfterMs: waitMs });
    const message = decodeMessage(bytes);
    if (this.#handleStreamFrame(message)) return {};
    return new Promise((resolve) => {
      const accepted: PublishResponder['accepted'] = (clientId, seq, timestamp) =>
        resolve({ clientId, seq, timestamp });
      const refused: PublishResponder['refused'] = (clientId, refusal) => resolve(refusalAck(clientId, refusal));
      this.#publisher.publish(message, { accepted, refused });
      if (isPassing(message)) resolve({ clientId: message.clientId });
    });
  }

  /**
   * Refuses a message. A client without events cannot receive a refusal, so its stream ends with
   * the reason.
   */
  #refuse(clientId: string, refusal: Refusal): void {
    if (this.events) this.tell(encodeRefusal(clientId, refusal));
    else this.#part(refusal);
  }

  #goLive(cursor: number): void {
    this.#replayedTo = undefined;
    this.#reader.start(cursor);
  }

  /** Sends the entries that are no longer in the ring, then goes live. */
  #replayAfter(seq: number): void {
    const { channel, events, hiddenUpTo } = this;
    const patience = setTimeout(() => this.#reset('replay'), replayWithinMs);
    const { messages, chargeReplay } = this.#context;
    const charge = (bytes: number) => chargeReplay(this.person.id, bytes);
    const onPage = (last: number) => {
      this.#replayedTo = last;
    };
    const unread = this.#openUnread();
    replay(seq, { channel, stream: this.#stream, messages, events, hiddenUpTo, unread, charge, onPage })
      .then((cursor) => {
        if (cursor !== undefined) this.#goLive(cursor);
        else if (!this.#stream.ended) this.#reset('replay');
      })
      .catch((thrown) => this.#part(refusalFrom(thrown)))
      .finally(() => clearTimeout(patience));
  }
}
