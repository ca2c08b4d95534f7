import { createHash, randomUUID } from 'node:crypto';
import { Kind, Message } from '@parley/contract';
import type { MessageRate } from '@parley/fanout';
import { type Refusal, refuse } from '@parley/runtime';
import type { AppendQueue } from '../core/append-queue.js';
import type { SentMessage } from '../core/dedupe-cache.js';
import type { AppendOutcome, Candidate, Denial } from '../core/entry.js';
import type { LiveChannel, Person } from '../core/live-channel.js';
import type { Usage } from '../core/usage.js';
import { encodeMessage, encodeTyping, sizeOf, stamped } from './frames.js';
import { denialFor, isOwner, type Membership, normalise, validationError } from './rules.js';

/** The sender of a message and the sender's rights. */
export interface Author {
  readonly person: Person;
  readonly membership: Membership;
  /** Seq up to which the author may not read messages. */
  readonly hiddenUpTo: number;
}

/** What became of an accepted message: stored in the log, relayed without one, or lossy. */
export type PublishedHow = 'stored' | 'relayed' | 'lossy';

/** Dependencies that all publishers of a chat server share. */
export interface PublisherContext {
  /** Maximum bytes of `data`. */
  readonly messageBytes: number;
  /** Limit for one sender in one channel. */
  readonly rate: MessageRate;
  /** Returns Unix ms by the database's clock; never goes back. */
  readonly now: () => number;
  /** Returns false while this server cannot be sure that it still owns its channels. */
  readonly mayPublish: () => boolean;
  readonly appendQueue: AppendQueue;
  readonly usage: Usage;
  /** Called when the database says that another server owns a channel. */
  readonly onMoved: () => void;
  /** Called for each accepted message, to count it. */
  readonly onPublished: (how: PublishedHow) => void;
}

/**
 * Receives the result of one message. Exactly one method is called, or none for a lossy message or
 * a typing indicator that was relayed.
 */
export interface PublishResponder {
  readonly accepted: (clientId: string, seq: number, timestamp: number) => void;
  readonly refused: (clientId: string, refusal: Refusal) => void;
}

/** The outcome of an append that left an entry in the log. */
type AppendedOutcome = AppendOutcome & { is: 'stored' | 'duplicate' };

interface Position {
  readonly seq: number;
  readonly timestamp: number;
}

const refusals = {
  reused: () => refuse('client-id-reused'),
  moved: () => refuse('moved'),
  paused: () => refuse('paused'),
  busy: () => refuse('too-busy'),
  failed: () => refuse('database-away'),
  refused: () => refuse('invalid-message'),
} as const;

const nothing = Buffer.alloc(0);
const typingFrame = Message.fromPartial({ typing: {} });

function digestOf({ kind, contentType, targetSeq, fileIds, data }: Message): Buffer {
  const files = fileIds.map((id) => `${id}\n`).join('');
  return createHash('sha256').update(`${kind}\n${contentType}\n${targetSeq}\n${files}`).update(data).digest();
}

/** Shortens a digest to as many bytes as are needed to tell two messages apart. */
function shortened(digest: Buffer): string {
  return digest.toString('latin1', 0, 16);
}

/**
 * Returns true for typing indicators and lossy messages, which are neither stored nor acknowledged.
 */
export function isPassing({ lossy, typing }: Message): boolean {
  return lossy || typing !== undefined;
}

function refusalOf(outcome: Exclude<AppendOutcome, AppendedOutcome>): Refusal {
  return outcome.is === 'denied' ? refuse(outcome.denial.reason, outcome.denial) : refusals[outcome.is]();
}

/** Publishes the messages of one user in one channel. */
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

  /** Resolves when every message that was accepted for appending has its result. */
  settled(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  /**
   * Publishes a message: validates it, acknowledges a retry again, applies the limits, and then
   * appends it (with history) or authorises and relays it. The append queue authorises a message
   * right before it is written; after the commit the message is shown and acknowledged.
   */
  publish(message: Message, responder: PublishResponder): void {
    const isRefused = (refusal: Refusal | undefined): boolean => {
      if (refusal !== undefined) responder.refused(message.clientId, refusal);
      return refusal !== undefined;
    };
    normalise(message);
    if (isRefused(validationError(message, this.#channel, this.#context.messageBytes))) return;
    if (this.#answerRetry(message, responder)) return;
    if (isRefused(this.#checkTarget(message) ?? this.#checkOwnership() ?? this.#limit(message))) return;
    const isPassingBy = isPassing(message);
    if (this.#channel.facts.hasHistory && !isPassingBy) this.#append(message, digestOf(message), responder);
    else if (isRefused(this.#checkDedupe(message) ?? this.#checkMentions(message) ?? this.#authorise(message))) return;
    else if (message.typing !== undefined) this.#type(message.typing.stopped);
    else if (isPassingBy) this.#relayLossy(message);
    else this.#relay(message, message.clientId === '' ? nothing : digestOf(message), responder);
  }

  /**
   * Sends the first ack of a known client id again, before any later check can refuse the retry.
   * Refuses another message with that client id. Returns false if the client id is new or the
   * message has none.
   */
  #answerRetry(message: Message, responder: PublishResponder): boolean {
    if (message.clientId === '' || isPassing(message)) return false;
    const earlier = this.#channel.sent.find(this.#author.person.id, message.clientId);
    if (earlier === undefined) return false;
    const isSame = earlier.digest === shortened(digestOf(message));
    if (isSame) responder.accepted(message.clientId, earlier.seq, earlier.timestamp);
    else responder.refused(message.clientId, refusals.reused());
    return true;
  }

  /** Refuses a change of, or a reply to, a message that this user may not read. */
  #checkTarget({ targetSeq }: Message): Refusal | undefined {
    const isHidden = targetSeq > 0 && targetSeq <= this.#author.hiddenUpTo;
    return isHidden ? refuse('message-not-found') : undefined;
  }

  #checkOwnership(): Refusal | undefined {
    if (this.#channel.moving) return refuse('moved');
    return this.#context.mayPublish() ? undefined : refuse('paused');
  }

  /**
   * Applies the rate limits: all streams of one user in this channel share one limit, and the
   * channel has its own. Typing indicators have a pace of their own.
   */
  #limit(message: Message): Refusal | undefined {
    if (message.typing !== undefined) return undefined;
    const { senders, rateLimiter } = this.#channel;
    const size = sizeOf(message);
    const nowMs = performance.now();
    const waitMs = senders.of(this.#author.person.id).take(size, nowMs) || rateLimiter.take(size, nowMs);
    return waitMs > 0 ? refuse('send-too-fast', { retryAfterMs: waitMs }) : undefined;
  }

  /**
   * Refuses a message if the dedupe cache has no space for its client id, because a retry could
   * publish it twice.
   */
  #checkDedupe(message: Message): Refusal | undefined {
    if (message.clientId === '' || isPassing(message)) return undefined;
    const waitMs = this.#channel.sent.fullForMs(this.#author.person.id, performance.now());
    return waitMs > 0 ? refuse('send-too-fast', { retryAfterMs: waitMs }) : undefined;
  }

  /**
   * Checks the mentions of a message that is not stored. Such a message reaches only users who are
   * here, so it can mention nobody else.
   */
  #checkMentions({ mentions }: Message): Refusal | undefined {
    return mentions.every((userId) => this.#channel.isHere(userId)) ? undefined : refuse('mention-not-found');
  }

  #authorise(message: Message): Refusal | undefined {
    const { person, membership } = this.#author;
    const now = { unixMs: this.#context.now(), monotonicMs: performance.now() };
    const denial = denialFor({ message, userId: person.id, membership }, this.#channel, now);
    return denial && refuse(denial.reason, denial);
  }

  #append(message: Message, digest: Buffer, responder: PublishResponder): void {
    message.data = Buffer.from(message.data); // A view would keep the whole received chunk alive.
    const draft = new Draft(message, digest, this.#author, this.#channel, this.#context);
    this.#pending += 1;
    const isQueued = this.#context.appendQueue.offer(draft, (outcome) =>
      this.#settle(() => this.#appended(message, digest, outcome, responder)),
    );
    if (!isQueued) this.#settle(() => responder.refused(message.clientId, refuse('too-busy')));
  }

  #appended(message: Message, digest: Buffer, outcome: AppendOutcome, responder: PublishResponder): void {
    if (outcome.is !== 'stored') this.#channel.slowMode.giveBack(this.#author.person.id, message);
    if (outcome.is === 'moved') this.#context.onMoved();
    if (outcome.is === 'stored') this.#context.onPublished('stored');
    if (outcome.is === 'stored' || outcome.is === 'duplicate') {
      this.#show(message, outcome);
      this.#acknowledge(message, digest, { seq: outcome.seq, timestamp: outcome.sentAtMs }, responder);
    } else responder.refused(message.clientId, refusalOf(outcome));
  }

  /** Hands a committed entry to the sequencer, which shows it in the order of the log. */
  #show(message: Message, outcome: AppendedOutcome): void {
    const { seq, sentAtMs } = outcome;
    const { sequencer } = this.#channel;
    const frame = encodeMessage(this.#stamp(message, seq, sentAtMs));
    if (outcome.is === 'stored') sequencer?.take({ seq, frame, changesMembers: false }, outcome.revision);
    else sequencer?.expect(seq, 0);
  }

  #relay(message: Message, digest: Buffer, responder: PublishResponder): void {
    const position = { seq: this.#channel.lastSeq + 1, timestamp: this.#context.now() };
    this.#channel.show(encodeMessage(this.#stamp(message, position.seq, position.timestamp)));
    this.#context.onPublished('relayed');
    this.#acknowledge(message, digest, position, responder);
  }

  #relayLossy(message: Message): void {
    this.#channel.publishLossy(encodeMessage(this.#stamp(message, 0, this.#context.now())));
    this.#context.onPublished('lossy');
  }

  /**
   * Shows the author's latest typing indicator if it is due. Others see at most one a second, so a
   * flood of them costs as much as one. If an indicator is too early, or the channel's limit is
   * used up, it waits for the next call.
   */
  showTyping(): void {
    const { typing, rateLimiter } = this.#channel;
    const userId = this.#author.person.id;
    const nowMs = performance.now();
    const stopped = typing.take(userId, nowMs);
    if (stopped === undefined || this.#checkOwnership() || this.#authorise(typingFrame)) return;
    if (rateLimiter.take(sizeOf(typingFrame), nowMs) > 0) typing.offer(userId, stopped);
    else this.#channel.publishLossy(encodeTyping({ userId, stopped }));
  }

  #type(stopped: boolean): void {
    this.#channel.typing.offer(this.#author.person.id, stopped);
    this.showTyping();
  }

  #stamp(message: Message, seq: number, timestamp: number): Message {
    const { number, id } = this.#author.person;
    return stamped(message, { userId: number, sender: id, timestamp, seq });
  }

  /**
   * Acknowledges a message. A message ends the typing of its author, so an indicator that still
   * waits is dropped.
   */
  #acknowledge(message: Message, digest: Buffer, { seq, timestamp }: Position, responder: PublishResponder): void {
    const { clientId } = message;
    this.#channel.typing.offer(this.#author.person.id, undefined);
    if (clientId !== '') this.#remember(clientId, { seq, timestamp, digest: shortened(digest) });
    responder.accepted(clientId, seq, timestamp);
  }

  /**
   * Remembers the ack for a retry. A channel with history can forget older acks, because its log
   * remembers their client ids for longer.
   */
  #remember(clientId: string, sent: SentMessage): void {
    const { id } = this.#author.person;
    const nowMs = performance.now();
    if (this.#channel.sent.fullForMs(id, nowMs) > 0) this.#channel.sent.makeRoom(id);
    this.#channel.sent.add(id, clientId, sent, nowMs);
  }

  #settle(report: () => void): void {
    this.#pending -= 1;
    report();
    if (this.#pending > 0) return;
    for (const resolve of this.#settled.splice(0)) resolve();
  }
}

/**
 * A message to be written into the log. It is checked right before the write, against the rights
 * that its author has then.
 */
class Draft implements Candidate {
  readonly channelId: number;
  readonly epoch: number;
  readonly senderId: string;
  readonly clientId: string;
  readonly kind: number;
  readonly targetSeq: number;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly digest: Uint8Array;
  readonly mentions: readonly string[];
  readonly fileIds: readonly string[];
  revision = 0;
  isHost = false;
  denial: Denial | undefined;
  readonly #message: Message;
  readonly #author: Author;
  readonly #channel: LiveChannel;
  readonly #context: PublisherContext;
  #wantedRevision = 0;

  constructor(message: Message, digest: Uint8Array, author: Author, channel: LiveChannel, context: PublisherContext) {
    this.channelId = channel.facts.id;
    this.epoch = channel.facts.epoch;
    this.senderId = author.person.id;
    this.clientId = message.clientId === '' ? randomUUID() : message.clientId;
    this.kind = message.kind;
    this.targetSeq = message.targetSeq;
    this.contentType = message.contentType;
    this.data = message.data;
    this.digest = digest;
    this.mentions = message.mentions;
    this.fileIds = message.fileIds;
    this.#message = message;
    this.#author = author;
    this.#channel = channel;
    this.#context = context;
  }

  judge(): void {
    const { membership } = this.#author;
    this.revision = Math.min(membership.revision, this.#channel.settings.revision);
    this.isHost = isOwner(this.#channel, this.senderId) || membership.role === 'admin';
    this.denial = this.#denial(membership);
  }

  /**
   * Returns why the message must not be written. Memberships are not reloaded once the stream has
   * ended, so the reason is then `moved`.
   */
  #denial(membership: Membership): Denial | undefined {
    if (this.revision < this.#wantedRevision) return { reason: 'moved' };
    const now = { unixMs: this.#context.now(), monotonicMs: performance.now() };
    return (
      denialFor({ message: this.#message, userId: this.senderId, membership }, this.#channel, now) ??
      this.#context.usage.denialFor(this.senderId, this.#channel.stored, this.kind === Kind.DELETE)
    );
  }

  async reloadMembers(revision: number): Promise<void> {
    this.#wantedRevision = revision;
    this.#channel.sequencer?.expect(0, revision);
    await this.#channel.sequencer?.caughtUp();
  }
}
