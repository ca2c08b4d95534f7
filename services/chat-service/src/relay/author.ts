import { hasSeveralEvents, type Message } from '@parley/contract';
import { limits, type Reason } from '@parley/runtime';
import type { LiveChannel, Person } from '../core/live-channel.js';
import { type CloseInfo, noteReceipt, type Participant } from '../session/participants.js';
import { arrive, depart } from '../session/presence.js';
import { Publisher, type PublishResponder } from '../session/publisher.js';
import type { Membership } from '../session/rules.js';
import type { SessionContext } from '../session/session.js';
import type { SeatKey } from '../store/seats.js';
import type { Handle, PresencePlace } from './handle.js';

export interface RelayAuthorOptions {
  /** The handle that caused the load. */
  readonly handle: Handle;
  readonly channel: LiveChannel;
  readonly membership: Membership;
  /** Seq up to which the user may not read messages. */
  readonly hiddenUpTo: number;
}

/** Milliseconds for which the rights of a user who sends nothing stay loaded. */
const keepIdleMs = 120_000;
/** An id that no seat has. */
const noSeat = '00000000-0000-0000-0000-000000000000';
/** Reasons that concern only one session of the user, who may have other sessions here. */
const ofSession: ReadonlySet<Reason> = new Set<Reason>(['logged-out', 'suspended']);

/** A user who sends in a chat through relays, with all their handles. */
export class RelayAuthor implements Participant, PresencePlace {
  readonly key: SeatKey;
  readonly person: Person;
  readonly channel: LiveChannel;
  readonly hiddenUpTo: number;
  membership: Membership;
  readonly #context: SessionContext;
  readonly #publisher: Publisher;
  readonly #present = new Set<Handle>();
  #usedAtMs = performance.now();
  #hasEnded = false;

  constructor({ handle, channel, membership, hiddenUpTo }: RelayAuthorOptions, context: SessionContext) {
    const { person, sessionId } = handle;
    this.key = { seat: noSeat, channelId: channel.facts.id, userId: person.id, sessionId };
    this.person = person;
    this.channel = channel;
    this.membership = membership;
    this.hiddenUpTo = hiddenUpTo;
    this.#context = context;
    this.#publisher = new Publisher(this, channel, context);
    context.participants.add(this);
  }

  /** Whether this author was idle for a long time, and no handle is present. */
  get isIdle(): boolean {
    return this.#present.size === 0 && performance.now() - this.#usedAtMs > keepIdleMs;
  }

  #use(): void {
    this.#usedAtMs = performance.now();
    this.channel.use(this.#context.now());
  }

  /** Handles a message in the same way as a stream of the user in this channel. */
  post(message: Message, responder: PublishResponder): void {
    const { ping, pong, receipt } = message;
    this.#use();
    if (hasSeveralEvents(message))
      this.#publisher.publish(message, responder); // The publisher refuses the message.
    else if (receipt !== undefined) noteReceipt(this, receipt, this.#context.receipts);
    else if (ping === undefined && pong === undefined) this.#publisher.publish(message, responder);
  }

  showTyping(): void {
    this.#publisher.showTyping();
  }

  /** Makes the user present through this handle. Returns the reason of the refusal, if any. */
  arrive(handle: Handle): Reason | undefined {
    if (this.membership.removed) return 'removed';
    if (this.channel.moving) return 'moved';
    if (this.#present.has(handle)) return undefined;
    if (handle.places.size >= limits.relayPresences) return 'too-many-seats';
    this.#use();
    this.#present.add(handle);
    handle.places.add(this);
    arrive(this.channel, handle.seat, this.person);
    return undefined;
  }

  depart(handle: Handle): void {
    if (!this.#present.delete(handle)) return;
    handle.places.delete(this);
    this.#usedAtMs = performance.now();
    depart(this.channel, handle.seat, this.person, this.#context.now());
  }

  /**
   * Ends the presence of all handles, and tells their relays why. The next post loads the rights
   * again.
   */
  goodbye(reason: Reason, closeInfo?: CloseInfo): void {
    const why = ofSession.has(reason) ? 'moved' : reason;
    for (const handle of [...this.#present]) {
      this.depart(handle);
      handle.owner?.tellClosed(handle.number, this.key.channelId, why, closeInfo);
    }
    this.end();
  }

  /** Forgets the rights of the user. */
  end(): void {
    this.#hasEnded = true;
    this.#context.participants.remove(this);
    this.channel.forgetSender(this.person.id);
  }

  /** Whether the rights are forgotten. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }
}
