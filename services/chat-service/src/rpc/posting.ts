import { createHash, randomUUID } from 'node:crypto';
import { Kind, type Message } from '@parley/contract';
import { type Refusal, refuse } from '@parley/runtime';
import type { Lane, Outcome } from '../core/lane.js';
import type { LiveChannel, Person } from '../core/live-channel.js';
import { type Rate, Throughput } from '../core/meter.js';
import type { Role } from '../store/heads.js';
import type { MessageStore } from '../store/messages.js';
import { messageFrame, typingFrame } from './frames.js';
import { faultOf, stamped } from './incoming.js';
import { mayDo } from './permission.js';

/** What postings of a chat server share. */
export interface PostingContext {
  readonly messageBytes: number;
  /** Of one sender. */
  readonly rate: Rate;
  /** Unix ms, the database's clock, never backwards. */
  readonly now: () => number;
  /** False while this server cannot be sure that it still owns its channels. */
  readonly mayPublish: () => boolean;
  readonly lane: Lane;
  readonly messages: MessageStore;
  /** Called where the database says that a channel is not this server's any more. */
  readonly onMoved: () => void;
}

/** What a user may do in a channel just now. */
export interface Standing {
  readonly role: Role;
  /** Unix ms; 0: never. */
  readonly mutedUntilMs: number;
}

/** Who posts. */
export interface Author {
  readonly person: Person;
  readonly standing: Standing;
}

/** How a message is answered: once, and not at all where it is lossy and was taken. */
export interface Answering {
  readonly accepted: (clientId: string, seq: number, timestamp: number) => void;
  readonly refused: (clientId: string, refusal: Refusal) => void;
}

/** An outcome that is an entry of the log. */
type Landed = Outcome & { is: 'stored' | 'known' };

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

/** What one user says in one channel: checked, then relayed or recorded, then answered. */
export class Posting {
  readonly #author: Author;
  readonly #channel: LiveChannel;
  readonly #context: PostingContext;
  readonly #throughput: Throughput;
  #pending = 0;
  #settled: (() => void)[] = [];

  constructor(author: Author, channel: LiveChannel, context: PostingContext) {
    this.#author = author;
    this.#channel = channel;
    this.#context = context;
    this.#throughput = new Throughput(context.rate);
  }

  /** Resolves when everything that was taken has been answered. */
  settled(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  /** Takes one message. A promise: the next one has to wait for it. */
  take(message: Message, answering: Answering): Promise<void> | undefined {
    const refusal = this.#refusalFor(message);
    if (refusal !== undefined) answering.refused(message.clientId, refusal);
    else if (message.typing !== undefined) this.#relayTyping(message.typing.stopped);
    else if (message.lossy) this.#relayLossy(message);
    else if (message.kind !== Kind.UNSPECIFIED) return this.#recordChange(message, answering);
    else this.#say(message, answering);
    return undefined;
  }

  #refusalFor(message: Message): Refusal | undefined {
    const fault = faultOf(message, this.#channel, this.#context.messageBytes);
    if (fault !== undefined) return fault;
    const elsewhere = this.#refusalElsewhere();
    if (elsewhere !== undefined) return elsewhere;
    const nowMs = this.#context.now();
    const mutedMs = this.#author.standing.mutedUntilMs - nowMs;
    if (mutedMs > 0) return refuse('muted', { retryAfterMs: Math.min(mutedMs, 2_147_483_647) });
    return this.#tooFast(message, nowMs);
  }

  /** Asked right before anything is shown or written. */
  #refusalElsewhere(): Refusal | undefined {
    if (this.#channel.moving) return refuse('moved');
    return this.#context.mayPublish() ? undefined : refuse('paused');
  }

  #tooFast(message: Message, nowMs: number): Refusal | undefined {
    const size = message.data.length;
    const waitMs = this.#throughput.take(size, nowMs) || this.#channel.throughput.take(size, nowMs);
    if (waitMs > 0) return refuse('send-too-fast', { retryAfterMs: waitMs });
    const isSpoken = message.typing === undefined && !message.lossy && message.kind === Kind.UNSPECIFIED;
    const turnMs = isSpoken && !this.#isOwner() ? this.#channel.takeTurn(this.#author.person.id, nowMs) : 0;
    return turnMs > 0 ? refuse('slow-mode', { retryAfterMs: turnMs }) : undefined;
  }

  #isOwner(): boolean {
    const { facts, settings } = this.#channel;
    return facts.kind !== 'direct' && settings.ownerId === this.#author.person.id;
  }

  #relayTyping(stopped: boolean): void {
    this.#channel.publishLossy(typingFrame({ userId: this.#author.person.id, stopped }));
  }

  #relayLossy(message: Message): void {
    this.#channel.publishLossy(messageFrame(this.#stamp(message, 0, this.#context.now())));
  }

  #stamp(message: Message, seq: number, timestamp: number): Message {
    const { number, id } = this.#author.person;
    return stamped(message, { userId: number, sender: id, timestamp, seq });
  }

  /** The same client id again is the same message: it gets the first answer and is not said twice. */
  #say(message: Message, answering: Answering): void {
    const isCompared = message.clientId !== '' || this.#channel.facts.keeps;
    const digest = isCompared ? digestOf(message) : nothing;
    const before =
      message.clientId === '' ? undefined : this.#channel.sent.find(this.#author.person.id, message.clientId);
    if (before === undefined) this.#sayNew(message, digest, answering);
    else if (before.digest !== digest.toString('base64')) answering.refused(message.clientId, refusals.reused());
    else answering.accepted(message.clientId, before.seq, before.timestamp);
  }

  #sayNew(message: Message, digest: Buffer, answering: Answering): void {
    if (this.#channel.facts.keeps) this.#record(message, digest, answering);
    else this.#relay(message, digest, answering);
  }

  #relay(message: Message, digest: Buffer, answering: Answering): void {
    const timestamp = this.#context.now();
    const seq = this.#channel.lastSeq + 1;
    this.#channel.show(messageFrame(this.#stamp(message, seq, timestamp)));
    this.#accept(message, digest, { seq, timestamp }, answering);
  }

  #accept(message: Message, digest: Buffer, { seq, timestamp }: Said, answering: Answering): void {
    const { clientId } = message;
    if (clientId !== '') {
      this.#channel.sent.add(this.#author.person.id, clientId, { seq, timestamp, digest: digest.toString('base64') });
    }
    answering.accepted(clientId, seq, timestamp);
  }

  /** An edit, deletion, reaction or pin: whether it may be is looked up first. */
  async #recordChange(message: Message, answering: Answering): Promise<void> {
    const target = await this.#context.messages.target(this.#channel.facts.id, message.targetSeq);
    const isHost = this.#isOwner() || this.#author.standing.role === 'admin';
    const allowed = mayDo(message.kind, target, { userId: this.#author.person.id, isHost });
    const refusal = allowed ?? this.#refusalElsewhere();
    if (refusal === undefined) this.#say(message, answering);
    else answering.refused(message.clientId, refusal);
  }

  #record(message: Message, digest: Buffer, answering: Answering): void {
    const { facts } = this.#channel;
    const entry = {
      channelId: facts.id,
      epoch: facts.epoch,
      senderId: this.#author.person.id,
      clientId: message.clientId === '' ? randomUUID() : message.clientId,
      kind: message.kind,
      targetSeq: message.targetSeq,
      contentType: message.contentType,
      data: message.data,
      digest,
      mentions: message.mentions,
    };
    this.#pending += 1;
    const taken = this.#context.lane.offer(entry, (outcome) => this.#recorded(message, digest, outcome, answering));
    if (!taken) this.#settle(() => answering.refused(message.clientId, refuse('too-busy')));
  }

  #recorded(message: Message, digest: Buffer, outcome: Outcome, answering: Answering): void {
    this.#settle(() => {
      if (outcome.is === 'stored' || outcome.is === 'known') return this.#show(message, digest, outcome, answering);
      if (outcome.is === 'moved') this.#context.onMoved();
      answering.refused(message.clientId, refusals[outcome.is]());
    });
  }

  /** Committed: shown in the order of the log, then acknowledged. */
  #show(message: Message, digest: Buffer, outcome: Landed, answering: Answering): void {
    const { seq, sentAtMs } = outcome;
    const frame = messageFrame(this.#stamp(message, seq, sentAtMs));
    if (outcome.is === 'stored') this.#channel.feed?.take({ seq, frame, changesRoster: false }, outcome.roster);
    else this.#channel.feed?.expect(seq, 0);
    this.#accept(message, digest, { seq, timestamp: sentAtMs }, answering);
  }

  #settle(answer: () => void): void {
    this.#pending -= 1;
    answer();
    if (this.#pending > 0) return;
    for (const resolve of this.#settled.splice(0)) resolve();
  }
}
