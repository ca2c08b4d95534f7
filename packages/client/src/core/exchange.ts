import { Bookmark, type LogPosition, type Notice, type StreamOpening } from './bookmark.js';
import { Outbox, type OutboxEntry } from './outbox.js';

/** The fields of a received entry that `SendExchange` needs. */
export interface QueuedSend {
  readonly seq: number;
  /** Time of the entry, in Unix ms. */
  readonly timestamp: number;
  readonly clientId: string;
  /** Whether this user sent the entry. */
  readonly own: boolean;
}

/** The server's acknowledgement or refusal of one send. */
export interface SendAnswer<R> {
  readonly clientId: string;
  readonly seq: number;
  /** Time of the entry, in Unix ms. */
  readonly timestamp: number;
  readonly refusal: R | undefined;
}

/** One action for the caller, who performs the actions in order. */
export type Step<F, E, R> =
  | { readonly do: 'write'; readonly frame: F }
  | { readonly do: 'resolve'; readonly clientId: string; readonly seq: number; readonly timestamp: number }
  | { readonly do: 'reject'; readonly clientId: string; readonly refusal: R }
  | { readonly do: 'hold'; readonly clientId: string; readonly refusal: R }
  | { readonly do: 'deliver'; readonly entry: E }
  | { readonly do: 'notify'; readonly notice: Notice };

/** Wait of a refused send before its next attempt. */
export interface Hold {
  /** Delay in milliseconds. */
  readonly forMs: number;
  /** Whether only frames of the same lane wait. If false, every frame waits. */
  readonly laneOnly: boolean;
}

/** Options of a SendExchange. */
export interface ExchangeOptions<R> {
  /**
   * Maximum number of unacknowledged sends on the wire. With 1, each lane keeps its order no matter
   * what is refused.
   */
  readonly inFlight: number;
  /** Returns the delay for a temporary refusal, or undefined if the refusal is final. */
  readonly holdOf: (refusal: R) => Hold | undefined;
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
  readonly #outbox: Outbox<F>;
  readonly #holdOf: ExchangeOptions<R>['holdOf'];
  readonly #bookmark: Bookmark;
  #open = false;

  constructor({ inFlight, holdOf, after }: ExchangeOptions<R>) {
    this.#outbox = new Outbox(inFlight);
    this.#holdOf = holdOf;
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
    return this.#mayWrite ? this.#outbox.heldUntilMs : undefined;
  }

  /** Adds a send. Returns undefined if the outbox is full. */
  send(item: OutboxEntry<F>, nowMs: number): Step<F, E, R>[] | undefined {
    return this.#outbox.add(item) ? this.tick(nowMs) : undefined;
  }

  /** Abandons a send. If it is already on the wire, it may still arrive. */
  abandon(clientId: string, nowMs: number): Step<F, E, R>[] {
    this.#outbox.remove(clientId);
    return this.tick(nowMs);
  }

  /** Starts a stream. */
  open(opening: StreamOpening, nowMs: number): Step<F, E, R>[] {
    this.#open = true;
    return [...this.#bookmark.open(opening).map(notify), ...this.tick(nowMs)];
  }

  /** Ends the stream. Unanswered sends go out again on the next one. */
  lost(): void {
    this.#open = false;
    this.#outbox.lost();
  }

  /** Records an entry. The echo of this user's own send also counts as its acknowledgement. */
  entry(entry: E, nowMs: number): Step<F, E, R>[] {
    const news = this.#bookmark.read(entry.seq);
    const answer = entry.own ? this.answer({ ...entry, refusal: undefined }, nowMs) : [];
    if (news === undefined) return answer;
    const steps: Step<F, E, R>[] = [...news.before.map(notify), { do: 'deliver', entry }, ...news.after.map(notify)];
    return [...steps, ...answer, ...this.tick(nowMs)];
  }

  /** Records the answer to a send. An answer to an unknown client id is ignored. */
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

  /** Returns the frames that are due at `nowMs`. */
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
