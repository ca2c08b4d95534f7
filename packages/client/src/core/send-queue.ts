import { Outbox, type OutboxEntry, type OutboxLimits } from './outbox.js';

/** The server's acknowledgement or refusal of one send. */
export interface SendAnswer<R> {
  readonly clientId: string;
  readonly seq: number;
  /** Time of the entry, in Unix ms. */
  readonly timestamp: number;
  readonly refusal: R | undefined;
}

/** One action for the caller, who performs the actions in order. */
export type SendStep<F, R> =
  | { readonly do: 'write'; readonly frame: F }
  | { readonly do: 'resolve'; readonly clientId: string; readonly seq: number; readonly timestamp: number }
  | { readonly do: 'reject'; readonly clientId: string; readonly refusal: R }
  | { readonly do: 'hold'; readonly clientId: string; readonly refusal: R };

/** Wait of a refused send before its next attempt. */
export interface Hold {
  /** Delay in milliseconds. */
  readonly forMs: number;
  /** Whether only frames of the same lane wait. If false, every frame waits. */
  readonly laneOnly: boolean;
}

/** Options of a SendQueue. */
export interface SendQueueOptions<R> extends OutboxLimits {
  /** Returns the delay for a temporary refusal, or undefined if the refusal is final. */
  readonly holdOf: (refusal: R) => Hold | undefined;
}

/**
 * The sends of a client, without I/O and without a clock. It decides what to write and when, and
 * which sends are answered. It outlives its streams.
 */
export class SendQueue<F, R> {
  readonly #outbox: Outbox<F>;
  readonly #holdOf: SendQueueOptions<R>['holdOf'];
  #isOpen = false;

  constructor({ holdOf, ...limits }: SendQueueOptions<R>) {
    this.#outbox = new Outbox(limits);
    this.#holdOf = holdOf;
  }

  /**
   * Time of the next `tick`, on the caller's clock, in milliseconds; undefined if none is needed.
   */
  get dueAtMs(): number | undefined {
    return this.#isOpen ? this.#outbox.heldUntilMs : undefined;
  }

  /** Adds a send. Returns undefined if the outbox is full. */
  send(item: OutboxEntry<F>, nowMs: number): SendStep<F, R>[] | undefined {
    return this.#outbox.add(item) ? this.tick(nowMs) : undefined;
  }

  /** Abandons a send. If it is already on the wire, it may still arrive. */
  abandon(clientId: string, nowMs: number): SendStep<F, R>[] {
    this.#outbox.remove(clientId);
    return this.tick(nowMs);
  }

  /** Allows writes. */
  open(nowMs: number): SendStep<F, R>[] {
    this.#isOpen = true;
    return this.tick(nowMs);
  }

  /** Ends the stream. Unanswered sends go out again on the next one. */
  lost(): void {
    this.#isOpen = false;
    this.#outbox.lost();
  }

  /** Records the answer to a send. An answer to an unknown client id is ignored. */
  answer({ clientId, seq, timestamp, refusal }: SendAnswer<R>, nowMs: number): SendStep<F, R>[] {
    if (!this.#outbox.has(clientId)) return [];
    const hold = refusal && this.#holdOf(refusal);
    if (refusal !== undefined && hold !== undefined) {
      this.#outbox.postpone(clientId, nowMs + hold.forMs, hold.laneOnly);
      return [{ do: 'hold', clientId, refusal }, ...this.tick(nowMs)];
    }
    this.#outbox.remove(clientId);
    const step: SendStep<F, R> =
      refusal === undefined ? { do: 'resolve', clientId, seq, timestamp } : { do: 'reject', clientId, refusal };
    return [step, ...this.tick(nowMs)];
  }

  /** Returns the frames that are due at `nowMs`. */
  tick(nowMs: number): SendStep<F, R>[] {
    return this.#isOpen ? this.#outbox.take(nowMs).map((frame) => ({ do: 'write', frame })) : [];
  }
}
