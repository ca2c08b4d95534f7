import type { Ack, Message, RelayDown } from '@parley/contract';
import { atMost, type CallContext, isReason, type Reason, type Refusal, refuse } from '@parley/runtime';
import { asRefusal } from '@parley/service-kit';
import type { RelayLink } from '../relay/relay-link.js';
import type { PostRoute } from './post-route.js';
import { RouteWatch } from './route-watch.js';

/** A message on its way to the owning server. */
export interface PostOnTheWay {
  readonly channelId: number;
  readonly route: PostRoute;
  readonly message: Message;
  /** Whether the owning server sends an ack. It sends none for lossy messages and typing. */
  readonly isAnswered: boolean;
  /** Call to whose trace the message belongs. Undefined: none. */
  readonly origin: CallContext['recorded'];
  /** Monotonic time at which delivery gives up and tells the sender. */
  readonly deadlineMs: number;
}

/** Result of an attempt: the ack for the sender, or the reason to try again. */
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
/** Temporary reasons for which no owning server was reached. */
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
/** Delays between attempts. They double. */
const backOff = { leastMs: 25, mostMs: 1_000 } as const;
/**
 * Time without an answer after which the gateway asks a manager whether the server still owns the
 * chat.
 */
const silentMs = 3_000;
/** Retry hint for a message that may have been stored, if a repeated message is shown only once. */
const repeatAfterMs = 1_000;

/** Returns the ack of a message that was refused. */
export function refusedAck(clientId: string, { reason, message, retryAfterMs }: Refusal): Partial<Ack> {
  return { clientId, refusal: { reason, message, retryAfterMs } };
}

function backOffMs(tries: number): number {
  const mostMs = Math.min(backOff.mostMs, backOff.leastMs * 2 ** tries);
  return mostMs * (0.5 + Math.random() / 2);
}

/** Delivers one post to the owning server, even if the channel moves meanwhile. */
export class PostDelivery {
  readonly #post: PostOnTheWay;
  /** Whether an attempt was sent and got no response, so that the message may be in the log. */
  #isUnconfirmed = false;
  /** Whether a repeated message is shown only once, as far as is known. */
  #isRepeatable = false;

  constructor(post: PostOnTheWay) {
    this.#post = post;
  }

  /** Returns the ack of the owning server, or an ack with a refusal. Never throws. */
  async run(): Promise<Partial<Ack>> {
    const result = await this.#try(0);
    if ('ack' in result) return result.ack;
    const watch = new RouteWatch(this.#post.route);
    try {
      return await this.#repeat(result.again, watch);
    } finally {
      watch.stop();
    }
  }

  /**
   * Repeats the post after growing delays. After a change of the route, repeats it at once, and the
   * delays begin again.
   */
  async #repeat(first: Refusal, watch: RouteWatch): Promise<Partial<Ack>> {
    let why = first;
    for (let tries = 1; ; tries++) {
      const waitMs = backOffMs(tries - 1);
      if (this.#leftMs < waitMs)
        return refusedAck(this.#post.message.clientId, this.#isUnconfirmed ? await this.#unconfirmed() : why);
      if (await watch.change(waitMs)) tries = 0;
      const result = await this.#try(tries);
      if ('ack' in result) return result.ack;
      why = result.again;
    }
  }

  get #leftMs(): number {
    return this.#post.deadlineMs - performance.now();
  }

  /**
   * Returns the refusal for the time after the deadline. It has a retry hint if a repeated message
   * is shown only once.
   */
  async #unconfirmed(): Promise<Refusal> {
    const isRepeatable = await this.#post.route.keepsHistory().catch(() => this.#isRepeatable);
    return refuse('unconfirmed', { retryAfterMs: isRepeatable ? repeatAfterMs : 0 });
  }

  async #try(tries: number): Promise<TryResult> {
    const { message, route } = this.#post;
    const { clientId } = message;
    try {
      if (this.#isUnconfirmed) this.#isRepeatable = await route.keepsHistory();
      // Another attempt could show the message twice.
      if (this.#isUnconfirmed && !this.#isRepeatable) return { ack: refusedAck(clientId, refuse('unconfirmed')) };
      return await this.#send(await route.find(tries));
    } catch (thrown) {
      const refusal = asRefusal(thrown);
      if (passing.has(refusal.reason)) return { again: refusal };
      const isOpen = this.#isUnconfirmed && refusal.reason === 'seat-gone';
      return { ack: refusedAck(clientId, isOpen ? refuse('unconfirmed') : refusal) };
    }
  }

  async #send(link: RelayLink): Promise<TryResult> {
    const { channelId, route, message, isAnswered, origin } = this.#post;
    const attached = route.attach(link);
    const handle = typeof attached === 'number' ? attached : await this.#inTime(link, attached);
    if (this.#leftMs <= 0) throw refuse('deadline-exceeded');
    const up = { channelId, post: { handle, message, ...origin } };
    if (isAnswered) return this.#read(link, handle, await this.#ask(link, up));
    link.send(up);
    return { ack: { clientId: message.clientId } };
  }

  /** Waits for the response of a chat server, until the deadline or the end of the relay. */
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
        if (await this.#post.route.hasMoved(link)) throw refuse('moved');
      }
    } catch (thrown) {
      const refusal = asRefusal(thrown);
      if (refusal.reason !== 'too-busy') this.#isUnconfirmed = true; // With too-busy, nothing was sent.
      throw link.isOpen ? refusal : refuse('unreachable', { cause: refusal });
    }
  }

  #read(link: RelayLink, handle: number, { ack }: RelayDown): TryResult {
    if (ack === undefined) throw refuse('internal');
    const reason = ack.refusal?.reason;
    if (!isReason(reason) || !retriedAnswers.has(reason)) return { ack };
    this.#post.route.notTaken(link, handle, reason);
    return { again: refuse(reason) };
  }
}
