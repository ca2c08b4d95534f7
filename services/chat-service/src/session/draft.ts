import { randomUUID } from 'node:crypto';
import { Kind, type Message } from '@parley/contract';
import type { Candidate, Denial } from '../core/entry.js';
import type { LiveChannel, Person } from '../core/live-channel.js';
import type { Usage } from '../core/usage.js';
import { denialFor, isOwner, type Membership } from './rules.js';

/** The sender of a message and what it may do. */
export interface Author {
  readonly person: Person;
  readonly membership: Membership;
}

/** Dependencies of `judge`. */
interface DraftContext {
  /** Returns Unix milliseconds by the database's clock. */
  readonly now: () => number;
  readonly usage: Usage;
}

/**
 * A message to be written into the log. It is judged right before the write, by what its author may
 * do then.
 */
export class Draft implements Candidate {
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
  revision = 0;
  isHost = false;
  denial: Denial | undefined;
  readonly #message: Message;
  readonly #author: Author;
  readonly #channel: LiveChannel;
  readonly #context: DraftContext;
  #wantedRevision = 0;

  constructor(message: Message, digest: Uint8Array, author: Author, channel: LiveChannel, context: DraftContext) {
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
   * Returns why it may not be written. Memberships are not reloaded once the stream has ended,
   * hence `moved`.
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
