import { Bookmark, type LogPosition, type Notice, type StreamOpening } from './bookmark.js';
import { Outbox, type OutboxEntry } from './outbox.js';

/** What the decisions need to know of an entry. */
export interface QueuedSend {
  readonly seq: number;
  /** Unix ms. */
  readonly timestamp: number;
  readonly clientId: string;
  /** Sent by this user. */
  readonly own: boolean;
}

/** The answer to one send. */
export interface SendAnswer<R> {
  readonly clientId: string;
  readonly seq: number;
  /** Unix ms. */
  readonly timestamp: number;
  readonly refusal: R | undefined;
}

/** What is to be done, in this order. */
export type Step<F, E, R> =
  | { readonly do: 'write'; readonly frame: F }
  | { readonly do: 'resolve'; readonly clientId: string; readonly seq: number; readonly timestamp: number }
  | { readonly do: 'reject'; readonly clientId: string; readonly refusal: R }
  | { readonly do: 'hold'; readonly clientId: string; readonly refusal: R }
  | { readonly do: 'deliver'; readonly entry: E }
  | { readonly do: 'notify'; readonly notice: Notice };

/** For how long a refused send is held before it is tried again. */
export interface Hold {
  readonly forMs: number;
  /** Only what is of its lane waits with it. */
  readonly laneOnly: boolean;
}

export interface ExchangeOptions<R> {
  /** How many sends may be ahead of their acks. 1 keeps the order in each lane, whatever is refused. */
  readonly inFlight: number;
  /** What to do about a refusal; undefined: it is final. */
  readonly holdOf: (refusal: R) => Hold | undefined;
  /** Read on from here. */
  readonly after?: LogPosition | undefined;
}

/**
 * Every decision of a conversation, without I/O and without a clock: what to write, what is new, what is answered.
 * It outlives its streams: `open`, then entries and answers, then `lost`, then `open` again. Nothing is written before all that was
 * missed has come: among it may be the echo of what was sent before.
 */
export class SendExchange<F, E extends QueuedSend, R> {
  readonly #outbox: Outbox<F>;
  readonly #holdOf: ExchangeOptions<R>['holdOf'];
  readonly #bookmark: Bookmark;
  #open = false;

  constructor({ inFlight, holdOf, after }: ExchangeOptions<R>) {
    this.#outbox = new Outbox(inFlight);
    this.#holdOf = holdOf;
    this.#bookmark = new Bookmark(after);
  }

  /** Where to resume; undefined before the first opening. */
  get place(): LogPosition | undefined {
    return this.#bookmark.place;
  }

  /** When to call `tick`, in the time that is passed in; undefined: no need. */
  get dueAtMs(): number | undefined {
    return this.#mayWrite ? this.#outbox.heldUntilMs : undefined;
  }

  /** Something to send. Undefined: the outbox is full. */
  send(item: OutboxEntry<F>, nowMs: number): Step<F, E, R>[] | undefined {
    return this.#outbox.add(item) ? this.tick(nowMs) : undefined;
  }

  /** Gives a send up; what was written may be said all the same. */
  abandon(clientId: string, nowMs: number): Step<F, E, R>[] {
    this.#outbox.remove(clientId);
    return this.tick(nowMs);
  }

  /** A stream has begun. */
  open(opening: StreamOpening, nowMs: number): Step<F, E, R>[] {
    this.#open = true;
    return [...this.#bookmark.open(opening).map(notify), ...this.tick(nowMs)];
  }

  /** The stream is gone. */
  lost(): void {
    this.#open = false;
    this.#outbox.lost();
  }

  /** An entry came; the echo of an own send answers it too. */
  entry(entry: E, nowMs: number): Step<F, E, R>[] {
    const news = this.#bookmark.read(entry.seq);
    const answer = entry.own ? this.answer({ ...entry, refusal: undefined }, nowMs) : [];
    if (news === undefined) return answer;
    const told: Step<F, E, R>[] = [...news.before.map(notify), { do: 'deliver', entry }, ...news.after.map(notify)];
    return [...told, ...answer, ...this.tick(nowMs)];
  }

  /** A send was answered; an answer to something else counts for nothing. */
  answer({ clientId, seq, timestamp, refusal }: SendAnswer<R>, nowMs: number): Step<F, E, R>[] {
    if (!this.#outbox.has(clientId)) return [];
    const hold = refusal && this.#holdOf(refusal);
    if (refusal !== undefined && hold !== undefined) {
      this.#outbox.postpone(clientId, nowMs + hold.forMs, hold.laneOnly);
      return [{ do: 'hold', clientId, refusal }, ...this.tick(nowMs)];
    }
    this.#outbox.remove(clientId);
    const step: Step<F, E, R> =
      refusal === undefined ? { do: 'resolve', clientId, seq, timestamp } : { do: 'reject', clientId, refusal };
    return [step, ...this.tick(nowMs)];
  }

  /** What the passing of time asks for. */
  tick(nowMs: number): Step<F, E, R>[] {
    return this.#mayWrite ? this.#outbox.take(nowMs).map((frame) => ({ do: 'write', frame })) : [];
  }

  get #mayWrite(): boolean {
    return this.#open && this.#bookmark.live;
  }
}

function notify(notice: Notice) {
  return { do: 'notify', notice } as const;
}
