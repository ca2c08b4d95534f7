import { randomUUID } from 'node:crypto';
import { type Ack, type Goodbye, type ListenResponse, Message, Resume } from '@parley/contract';
import { isReason, Refusal, refusals, refuse, type StatusName } from '@parley/runtime';
import { Backoff } from './backoff.js';
import { ChannelStream, type Place, type StreamEnd } from './channel-stream.js';

/** What a conversation tells, besides the frames as they come. */
export interface ConversationEvents {
  /** Welcome, messages, presence, typing: every frame but acks, pings and the goodbye. */
  readonly frame: (frame: Message) => void;
  readonly goodbye: (goodbye: Goodbye) => void;
  /** The stream ended or a Listen failed; another Listen follows in `inMs`. */
  readonly reconnecting: (why: string, inMs: number) => void;
}

interface Waiting {
  readonly message: Message;
  readonly resolve: (ack: Ack) => void;
  readonly reject: (refusal: Refusal) => void;
}

const passing: ReadonlySet<StatusName> = new Set([
  'UNAVAILABLE',
  'INTERNAL',
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'ABORTED',
]);

/** Whether another Listen may go better. */
export function worthAnotherListen(refusal: Refusal): boolean {
  if (refusal.reason === 'replaced') return false;
  const { status } = refusals[refusal.reason];
  return refusal.retryAfterMs > 0 || refusal.reason === 'seat-gone' || passing.has(status);
}

/** Why a stream ended, as a refusal: the goodbye if there was one. */
function causeOf({ goodbye, refusal }: StreamEnd): Refusal {
  if (goodbye === undefined) return refusal ?? refuse('unreachable', { words: 'the stream ended without a goodbye' });
  const { reason, message, retryAfterMs } = goodbye;
  return refuse(isReason(reason) ? reason : 'internal', { words: message, retryAfterMs });
}

/** Being in one channel, over as many streams as it takes: listens again, resumes, and sends again what has no ack. */
export class Conversation {
  readonly #listen: () => Promise<ListenResponse>;
  readonly #events: ConversationEvents;
  readonly #waiting = new Map<string, Waiting>();
  readonly #backoff = new Backoff();
  #stream: ChannelStream | undefined;
  #place: Place | undefined;
  #welcomed = false;
  #leaving = false;
  #wake: () => void = () => {};

  constructor(listen: () => Promise<ListenResponse>, events: ConversationEvents) {
    this.#listen = listen;
    this.#events = events;
  }

  /** Resolves after `leave`. Rejects with the Refusal that ended it for good. */
  async run(): Promise<void> {
    try {
      while (!this.#leaving) await this.#turn();
      this.#giveUp(refuse('cancelled'));
    } catch (thrown) {
      const refusal = thrown instanceof Refusal ? thrown : refuse('internal', { cause: thrown });
      this.#giveUp(refusal);
      throw refusal;
    }
  }

  #giveUp(refusal: Refusal): void {
    for (const { reject } of this.#waiting.values()) reject(refusal);
    this.#waiting.clear();
  }

  /** Sends a text. Resolves with its ack, which may be a refusal; rejects if the conversation ends for good. */
  say(text: string): Promise<Ack> {
    const clientId = randomUUID();
    const message = Message.fromPartial({ clientId, data: Buffer.from(text), contentType: 'text/plain' });
    return new Promise((resolve, reject) => {
      this.#waiting.set(clientId, { message, resolve, reject });
      if (this.#welcomed) this.#stream?.send(message);
    });
  }

  /** Leaves the channel. */
  leave(): void {
    this.#leaving = true;
    this.#stream?.leave();
    this.#wake();
  }

  async #turn(): Promise<void> {
    const cause = await this.#sit().catch((thrown: unknown) => {
      if (thrown instanceof Refusal && this.#place !== undefined) return thrown;
      throw thrown;
    });
    if (this.#leaving) return;
    if (!worthAnotherListen(cause)) throw cause;
    const inMs = this.#backoff.next(cause.retryAfterMs);
    this.#events.reconnecting(cause.reason === 'unreachable' ? 'the server cannot be reached' : cause.message, inMs);
    await this.#pause(inMs);
  }

  /** One seat, from Listen to the end of its stream. */
  async #sit(): Promise<Refusal> {
    const seat = await this.#listen();
    if (this.#leaving) return refuse('cancelled');
    const end = await new Promise<StreamEnd>((resolve) => {
      const onFrame = (frame: Message) => this.#receive(frame);
      this.#stream = new ChannelStream({ seat, resume: this.#place, onFrame, onEnd: resolve });
    });
    this.#stream = undefined;
    this.#welcomed = false;
    if (end.goodbye !== undefined) this.#events.goodbye(end.goodbye);
    if (end.goodbye?.listenAgain === false) throw causeOf(end);
    return causeOf(end);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #receive(frame: Message): void {
    if (frame.ack !== undefined) {
      this.#settle(frame.ack);
      return;
    }
    if (frame.welcome !== undefined) this.#enter(frame);
    else if (frame.seq > 0 && this.#place !== undefined) this.#place = { ...this.#place, seq: frame.seq };
    this.#events.frame(frame);
  }

  #enter({ welcome }: Message): void {
    const { log = '', lastSeq = 0, resume } = welcome ?? {};
    if (this.#place === undefined || resume !== Resume.WHOLE) this.#place = { log, seq: lastSeq };
    this.#welcomed = true;
    this.#backoff.reset();
    for (const { message } of this.#waiting.values()) this.#stream?.send(message);
  }

  #settle(ack: Ack): void {
    this.#waiting.get(ack.clientId)?.resolve(ack);
    this.#waiting.delete(ack.clientId);
  }
}
