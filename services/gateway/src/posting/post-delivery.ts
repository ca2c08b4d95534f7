import { setTimeout as pause } from 'node:timers/promises';
import type { Ack, Message, RelayDown } from '@parley/contract';
import { atMost, isReason, type Reason, type Refusal, refuse } from '@parley/runtime';
import { asRefusal } from '@parley/service-kit';
import type { RelayLink } from '../relay/relay-link.js';
import type { PostingStore } from '../store/posting-store.js';
import type { OwnerFinder } from './owner-finder.js';
import type { UserSession } from './user-session.js';

/** A message on its way to the owning server. */
export interface PostOnTheWay {
  readonly channelId: number;
  readonly session: UserSession;
  readonly message: Message;
  /** Whether the owning server answers: it does not answer lossy messages and typing. */
  readonly isAnswered: boolean;
  /** Monotonic time at which the sender learns of the failure. */
  readonly deadlineMs: number;
}

export interface PostDeliveryDeps {
  readonly owners: OwnerFinder;
  readonly store: Pick<PostingStore, 'target'>;
}

/** Result of a try: the answer for the sender, or why to try again. */
type TryResult = { readonly ack: Partial<Ack> } | { readonly again: Refusal };

/**
 * Reasons of the owning server after which the same post is tried again, because it was not stored.
 */
const retriedAnswers: ReadonlySet<Reason> = new Set<Reason>([
  'moved',
  'paused',
  'draining',
  'handle-gone',
  'database-away',
]);
/** Temporary reasons why no owning server was reached. */
const passing: ReadonlySet<Reason> = new Set<Reason>([
  ...retriedAnswers,
  'no-server',
  'unreachable',
  'deadline-exceeded',
  'cancelled',
  'too-busy',
  'read-too-often',
  'listen-too-often',
]);
/** Delays between tries. They double. */
const backOff = { leastMs: 25, mostMs: 1_000 } as const;
/**
 * Time without an answer after which the gateway asks a manager whether the server still owns the
 * chat.
 */
const silentMs = 3_000;
/**
 * Number of tries at the owning server that the relays know. Each later try first asks a manager.
 */
const triesAtKnown = 2;

/** Returns the ack of a message that was refused. */
export function refusedAck(clientId: string, { reason, message, retryAfterMs }: Refusal): Partial<Ack> {
  return { clientId, refusal: { reason, message, retryAfterMs } };
}

function backOffMs(tries: number): number {
  const mostMs = Math.min(backOff.mostMs, backOff.leastMs * 2 ** tries);
  return mostMs * (0.5 + Math.random() / 2);
}

/** Brings one post to the owning server, wherever the channel moves meanwhile. */
export class PostDelivery {
  readonly #deps: PostDeliveryDeps;
  readonly #post: PostOnTheWay;
  /** Whether a try was sent and got no answer: the message may be in the log. */
  #isUnconfirmed = false;

  constructor(post: PostOnTheWay, deps: PostDeliveryDeps) {
    this.#post = post;
    this.#deps = deps;
  }

  /** Returns the ack of the owning server, or that of a refusal. Never throws. */
  async run(): Promise<Partial<Ack>> {
    const { clientId } = this.#post.message;
    for (let tries = 0; ; tries++) {
      const result = await this.#try(tries);
      if ('ack' in result) return result.ack;
      const waitMs = backOffMs(tries);
      if (this.#leftMs < waitMs)
        return refusedAck(clientId, this.#isUnconfirmed ? refuse('unconfirmed') : result.again);
      await pause(waitMs);
    }
  }

  get #leftMs(): number {
    return this.#post.deadlineMs - performance.now();
  }

  async #try(tries: number): Promise<TryResult> {
    const { clientId } = this.#post.message;
    try {
      if (this.#isUnconfirmed && !(await this.#keepsHistory()))
        return { ack: refusedAck(clientId, refuse('unconfirmed')) };
      return await this.#send(await this.#findOwner(tries));
    } catch (thrown) {
      const refusal = asRefusal(thrown);
      return passing.has(refusal.reason) ? { again: refusal } : { ack: refusedAck(clientId, refusal) };
    }
  }

  /** In a channel without history, another try could be shown twice. */
  async #keepsHistory(): Promise<boolean> {
    const { channelId, session } = this.#post;
    return (await this.#deps.store.target(channelId, session.me.id))?.hasHistory === true;
  }

  #findOwner(tries: number): Promise<RelayLink> {
    const { channelId, session } = this.#post;
    const { owners } = this.#deps;
    const seeker = { channelId, userId: session.me.id };
    return tries < triesAtKnown ? owners.find(seeker) : owners.locate(seeker);
  }

  async #send(link: RelayLink): Promise<TryResult> {
    const { channelId, session, message, isAnswered } = this.#post;
    const handle = session.handleAt(link) ?? (await this.#inTime(link, session.attach(link)));
    if (this.#leftMs <= 0) throw refuse('deadline-exceeded');
    const up = { channelId, post: { handle, message } };
    if (isAnswered) return this.#read(link, handle, await this.#ask(link, up));
    link.send(up);
    return { ack: { clientId: message.clientId } };
  }

  /** Waits for an answer of a chat server, until the deadline or the end of the relay. */
  async #inTime<T>(link: RelayLink, answer: Promise<T>, withinMs = this.#leftMs): Promise<T> {
    const known = await atMost(answer, withinMs).catch((thrown: unknown) => {
      throw link.isOpen ? thrown : refuse('unreachable', { cause: thrown });
    });
    if (known === undefined) throw refuse('deadline-exceeded');
    return known;
  }

  async #ask(link: RelayLink, up: Parameters<RelayLink['ask']>[0]): Promise<RelayDown> {
    const asked = link.ask(up);
    try {
      for (;;) {
        const down = await atMost(asked, Math.min(silentMs, this.#leftMs));
        if (down !== undefined) return down;
        if (this.#leftMs <= 0) throw refuse('deadline-exceeded');
        if (await this.#hasMoved(link)) throw refuse('moved');
      }
    } catch (thrown) {
      const refusal = asRefusal(thrown);
      if (refusal.reason !== 'too-busy') this.#isUnconfirmed = true; // With too-busy, nothing was sent.
      throw link.isOpen ? refusal : refuse('unreachable', { cause: refusal });
    }
  }

  /** Asks a manager whether a silent server still owns the channel. */
  async #hasMoved(link: RelayLink): Promise<boolean> {
    const { channelId, session } = this.#post;
    const owner = await this.#deps.owners.locate({ channelId, userId: session.me.id }).catch(() => link);
    return owner !== link;
  }

  #read(link: RelayLink, handle: number, { ack }: RelayDown): TryResult {
    if (ack === undefined) throw refuse('internal');
    const reason = ack.refusal?.reason;
    if (!isReason(reason) || !retriedAnswers.has(reason)) return { ack };
    if (reason === 'handle-gone') this.#post.session.forget(link, handle);
    else this.#deps.owners.forget(this.#post.channelId, link);
    return { again: refuse(reason) };
  }
}
