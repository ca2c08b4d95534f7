import { Bookmark, type LogPosition, type Notice, type StreamOpening } from './bookmark.js';
import type { OutboxEntry } from './outbox.js';
import { type SendAnswer, SendQueue, type SendQueueOptions, type SendStep } from './send-queue.js';

/** The fields of a received entry that `SendExchange` needs. */
export interface QueuedSend {
  readonly seq: number;
  /** Time of the entry, in Unix ms. */
  readonly timestamp: number;
  readonly clientId: string;
  /** Whether this user sent the entry. */
  readonly own: boolean;
}

/** One action for the caller, who performs the actions in order. */
export type Step<F, E, R> =
  | SendStep<F, R>
  | { readonly do: 'deliver'; readonly entry: E }
  | { readonly do: 'notify'; readonly notice: Notice };

/** Options of a SendExchange. */
export interface ExchangeOptions<R> extends SendQueueOptions<R> {
  /** Position to resume from; absent: start at the end of the log. */
  readonly after?: LogPosition | undefined;
}

/**
 * The state machine of a conversation, without I/O and without a clock. It decides what to write,
 * which entries are new, and which sends are answered. It outlives its streams: the caller calls
 * `open`, then `entry` and `answer`, then `lost`, then `open` again. It writes nothing until all
 * missed entries have arrived, because they may contain the echo of an earlier send.
 */
export class SendExchange<F, E extends QueuedSend, R> {
  readonly #sends: SendQueue<F, R>;
  readonly #bookmark: Bookmark;
  #isOpen = false;

  constructor({ after, ...options }: ExchangeOptions<R>) {
    this.#sends = new SendQueue(options);
    this.#bookmark = new Bookmark(after);
  }

  /** Position to resume from; undefined before the first stream, unless one was given. */
  get place(): LogPosition | undefined {
    return this.#bookmark.place;
  }

  /**
   * Time of the next `tick`, on the caller's clock, in milliseconds; undefined if none is needed.
   */
  get dueAtMs(): number | undefined {
    return this.#sends.dueAtMs;
  }

  /** Adds a send. Returns undefined if the outbox is full. */
  send(item: OutboxEntry<F>, nowMs: number): Step<F, E, R>[] | undefined {
    return this.#sends.send(item, nowMs);
  }

  /** Abandons a send. If it is already on the wire, it may still arrive. */
  abandon(clientId: string, nowMs: number): Step<F, E, R>[] {
    return this.#sends.abandon(clientId, nowMs);
  }

  /** Starts a stream. */
  open(opening: StreamOpening, nowMs: number): Step<F, E, R>[] {
    this.#isOpen = true;
    return [...this.#bookmark.open(opening).map(notify), ...this.#writeIfLive(nowMs)];
  }

  /** Ends the stream. Unanswered sends go out again on the next one. */
  lost(): void {
    this.#isOpen = false;
    this.#sends.lost();
  }

  /** Records an entry. The echo of this user's own send also counts as its acknowledgement. */
  entry(entry: E, nowMs: number): Step<F, E, R>[] {
    const news = this.#bookmark.read(entry.seq);
    const answer = entry.own ? this.answer({ ...entry, refusal: undefined }, nowMs) : [];
    if (news === undefined) return answer;
    const steps: Step<F, E, R>[] = [...news.before.map(notify), { do: 'deliver', entry }, ...news.after.map(notify)];
    return [...steps, ...answer, ...this.#writeIfLive(nowMs)];
  }

  /** Records the answer to a send. An answer to an unknown client id is ignored. */
  answer(answer: SendAnswer<R>, nowMs: number): Step<F, E, R>[] {
    return this.#sends.answer(answer, nowMs);
  }

  /** Returns the frames that are due at `nowMs`. */
  tick(nowMs: number): Step<F, E, R>[] {
    return this.#sends.tick(nowMs);
  }

  #writeIfLive(nowMs: number): Step<F, E, R>[] {
    return this.#isOpen && this.#bookmark.live ? this.#sends.open(nowMs) : [];
  }
}

function notify(notice: Notice) {
  return { do: 'notify', notice } as const;
}
