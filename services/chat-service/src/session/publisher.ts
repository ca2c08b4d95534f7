import { createHash } from 'node:crypto';
import type { Message } from '@parley/contract';
import type { MessageRate } from '@parley/fanout';
import { type Refusal, refuse } from '@parley/runtime';
import type { AppendQueue } from '../core/append-queue.js';
import type { SentMessage } from '../core/dedupe-cache.js';
import type { AppendOutcome } from '../core/entry.js';
import type { LiveChannel } from '../core/live-channel.js';
import type { Usage } from '../core/usage.js';
import { type Author, Draft } from './draft.js';
import { encodeMessage, encodeTyping } from './frames.js';
import { denialFor } from './rules.js';
import { normalise, sizeOf, stamped, validationError } from './validation.js';

/** What postings of a chat server share. */
export interface PublisherContext {
  readonly messageBytes: number;
  /** Of one sender. */
  readonly rate: MessageRate;
  /** Unix ms, the database's clock, never backwards. */
  readonly now: () => number;
  /** False while this server cannot be sure that it still owns its channels. */
  readonly mayPublish: () => boolean;
  readonly appendQueue: AppendQueue;
  readonly usage: Usage;
  /** Called where the database says that a channel is not this server's any more. */
  readonly onMoved: () => void;
}

/** How a message is answered: once, and not at all where it is lossy and was taken. */
export interface PublishResponder {
  readonly accepted: (clientId: string, seq: number, timestamp: number) => void;
  readonly refused: (clientId: string, refusal: Refusal) => void;
}

/** An outcome that is an entry of the log. */
type Landed = AppendOutcome & { is: 'stored' | 'known' };

interface Said {
  readonly seq: number;
  readonly timestamp: number;
}

const refusals = {
  reused: () => refuse('client-id-reused'),
  moved: () => refuse('moved'),
  paused: () => refuse('paused'),
  busy: () => refuse('too-busy'),
  refused: () => refuse('invalid-message'),
} as const;

const nothing = Buffer.alloc(0);

function digestOf({ kind, contentType, targetSeq, data }: Message): Buffer {
  return createHash('sha256').update(`${kind}\n${contentType}\n${targetSeq}\n`).update(data).digest();
}

/** Enough to tell two messages apart. */
function shortened(digest: Buffer): string {
  return digest.toString('latin1', 0, 16);
}

/** Neither kept nor acked. */
export function isPassing({ lossy, typing }: Message): boolean {
  return lossy || typing !== undefined;
}

function asRefusal(outcome: Exclude<AppendOutcome, Landed>): Refusal {
  return outcome.is === 'denied' ? refuse(outcome.denial.reason, outcome.denial) : refusals[outcome.is]();
}

/** What one user says in one channel: checked, then relayed or recorded, then answered. */
export class Publisher {
  readonly #author: Author;
  readonly #channel: LiveChannel;
  readonly #context: PublisherContext;
  #pending = 0;
  #settled: (() => void)[] = [];

  constructor(author: Author, channel: LiveChannel, context: PublisherContext) {
    this.#author = author;
    this.#channel = channel;
    this.#context = context;
  }

  /** Resolves when everything that was taken has been answered. */
  settled(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  take(message: Message, responder: PublishResponder): void {
    normalise(message);
    const fault = validationError(message, this.#channel, this.#context.messageBytes);
    const before = fault === undefined ? this.#findSent(message) : undefined;
    const refusal = fault ?? (before === undefined ? this.#notNow(message) : undefined);
    if (refusal !== undefined) responder.refused(message.clientId, refusal);
    else if (before !== undefined) this.#sayAgain(message, before, responder);
    else if (isPassing(message)) this.#pass(message, responder);
    else this.#sayNew(message, responder);
  }

  /** Looked up before anything can refuse it: the same client id again is the same message, whatever its sender may do by now. */
  #findSent(message: Message): SentMessage | undefined {
    if (message.clientId === '' || isPassing(message)) return undefined;
    return this.#channel.sent.find(this.#author.person.id, message.clientId);
  }

  #notNow(message: Message): Refusal | undefined {
    if (this.#channel.moving) return refuse('moved');
    if (!this.#context.mayPublish()) return refuse('paused');
    return this.#tooFast(message);
  }

  /** Of one user all streams in this channel count together. */
  #tooFast(message: Message): Refusal | undefined {
    const { senders, rateLimiter } = this.#channel;
    const size = sizeOf(message);
    const nowMs = performance.now();
    const waitMs = senders.of(this.#author.person.id).take(size, nowMs) || rateLimiter.take(size, nowMs);
    return waitMs > 0 ? refuse('send-too-fast', { retryAfterMs: waitMs }) : undefined;
  }

  /** What is kept nowhere and acked to nobody. */
  #pass(message: Message, responder: PublishResponder): void {
    const denial = this.#denialFor(message);
    if (denial !== undefined) responder.refused(message.clientId, denial);
    else if (message.typing === undefined) this.#relayLossy(message);
    else this.#relayTyping(message.typing.stopped);
  }

  #denialFor(message: Message): Refusal | undefined {
    const { person, membership } = this.#author;
    const now = { unixMs: this.#context.now(), monotonicMs: performance.now() };
    const denial = denialFor({ message, userId: person.id, membership }, this.#channel, now);
    return denial && refuse(denial.reason, denial);
  }

  #relayTyping(stopped: boolean): void {
    this.#channel.publishLossy(encodeTyping({ userId: this.#author.person.id, stopped }));
  }

  #relayLossy(message: Message): void {
    this.#channel.publishLossy(encodeMessage(this.#stamp(message, 0, this.#context.now())));
  }

  #stamp(message: Message, seq: number, timestamp: number): Message {
    const { number, id } = this.#author.person;
    return stamped(message, { userId: number, sender: id, timestamp, seq });
  }

  #sayAgain(message: Message, before: SentMessage, responder: PublishResponder): void {
    if (before.digest !== shortened(digestOf(message))) responder.refused(message.clientId, refusals.reused());
    else responder.accepted(message.clientId, before.seq, before.timestamp);
  }

  #sayNew(message: Message, responder: PublishResponder): void {
    const { keeps } = this.#channel.facts;
    const digest = message.clientId !== '' || keeps ? digestOf(message) : nothing;
    const denial = keeps ? undefined : (this.#forgetful(message) ?? this.#denialFor(message)); // what is kept is judged when it is written
    if (denial !== undefined) responder.refused(message.clientId, denial);
    else if (keeps) this.#record(message, digest, responder);
    else this.#relay(message, digest, responder);
  }

  /** What could not be remembered might be said twice. */
  #forgetful({ clientId }: Message): Refusal | undefined {
    if (clientId === '') return undefined;
    const waitMs = this.#channel.sent.fullForMs(this.#author.person.id, performance.now());
    return waitMs > 0 ? refuse('send-too-fast', { retryAfterMs: waitMs }) : undefined;
  }

  #relay(message: Message, digest: Buffer, responder: PublishResponder): void {
    const timestamp = this.#context.now();
    const seq = this.#channel.lastSeq + 1;
    this.#channel.show(encodeMessage(this.#stamp(message, seq, timestamp)));
    this.#accept(message, digest, { seq, timestamp }, responder);
  }

  #accept(message: Message, digest: Buffer, { seq, timestamp }: Said, responder: PublishResponder): void {
    const { clientId } = message;
    if (clientId !== '') this.#remember(clientId, { seq, timestamp, digest: shortened(digest) });
    responder.accepted(clientId, seq, timestamp);
  }

  /** The log remembers for longer, where there is one. */
  #remember(clientId: string, sent: SentMessage): void {
    const { id } = this.#author.person;
    const nowMs = performance.now();
    if (this.#channel.sent.fullForMs(id, nowMs) > 0) this.#channel.sent.makeRoom(id);
    this.#channel.sent.add(id, clientId, sent, nowMs);
  }

  #record(message: Message, digest: Buffer, responder: PublishResponder): void {
    message.data = Buffer.from(message.data); // the queue would keep all the bytes alive that it came in
    const draft = new Draft(message, digest, this.#author, this.#channel, this.#context);
    this.#pending += 1;
    const taken = this.#context.appendQueue.offer(draft, (outcome) =>
      this.#recorded(message, digest, outcome, responder),
    );
    if (!taken) this.#settle(() => responder.refused(message.clientId, refuse('too-busy')));
  }

  #recorded(message: Message, digest: Buffer, outcome: AppendOutcome, responder: PublishResponder): void {
    this.#settle(() => {
      if (outcome.is !== 'stored') this.#channel.slowMode.giveBack(this.#author.person.id, message);
      if (outcome.is === 'stored' || outcome.is === 'known') return this.#show(message, digest, outcome, responder);
      if (outcome.is === 'moved') this.#context.onMoved();
      responder.refused(message.clientId, asRefusal(outcome));
    });
  }

  /** Committed: shown in the order of the log, then acknowledged. */
  #show(message: Message, digest: Buffer, outcome: Landed, responder: PublishResponder): void {
    const { seq, sentAtMs } = outcome;
    const frame = encodeMessage(this.#stamp(message, seq, sentAtMs));
    if (outcome.is === 'stored') this.#channel.sequencer?.take({ seq, frame, changesRoster: false }, outcome.roster);
    else this.#channel.sequencer?.expect(seq, 0);
    this.#accept(message, digest, { seq, timestamp: sentAtMs }, responder);
  }

  #settle(answer: () => void): void {
    this.#pending -= 1;
    answer();
    if (this.#pending > 0) return;
    for (const resolve of this.#settled.splice(0)) resolve();
  }
}
