import { refuse } from '@parley/runtime';
import { WaitingLine } from './waiting-line.js';

/** The caller for whom a password is hashed. */
export interface HashCaller {
  /** Address or user that gets one turn per round. */
  readonly key: string;
  /** Network of the address. All addresses of a network share one turn per round. */
  readonly network: string;
  /** Whether the account has a session from this address. */
  readonly isFamiliar: boolean;
}

interface Job {
  readonly caller: HashCaller;
  readonly start: () => void;
  readonly refuse: (cause: unknown) => void;
}

/** Limits of a queue. */
export interface HashQueueLimits {
  /** Returns the maximum number of waiting jobs. */
  readonly atMost: () => number;
  /** Maximum wait of a job, in milliseconds. */
  readonly maxWaitMs: number;
}

/**
 * Runs one job at a time. Callers at a familiar address wait in a line of their own, which gets
 * every second turn and half of the places. Within a line, networks take turns, and so do the
 * addresses of a network. A newcomer joins the end of the round and delays nobody who is already
 * waiting.
 */
export class HashQueue {
  readonly #limits: HashQueueLimits;
  readonly #familiar = new WaitingLine<Job>();
  readonly #strangers = new WaitingLine<Job>();
  #wasFamiliar = false;
  #busy = false;

  constructor(queueLimits: HashQueueLimits) {
    this.#limits = queueLimits;
  }

  /**
   * Runs `work` for `caller` at its turn and returns its result.
   * @throws {Refusal} `too-busy` if the queue is full, if a caller with fewer jobs needs the place,
   * or after the maximum wait.
   */
  run<T>(caller: HashCaller, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#familiar.size + this.#strangers.size >= this.#limits.atMost()) this.#makeRoom(caller);
      const line = this.#lineOf(caller);
      const expire = () => {
        line.remove(job);
        reject(refuse('too-busy'));
      };
      const timer = setTimeout(expire, this.#limits.maxWaitMs);
      const start = () => {
        clearTimeout(timer);
        void work().then(resolve, reject).finally(this.#next);
      };
      const giveUp = (cause: unknown) => {
        clearTimeout(timer);
        reject(cause);
      };
      const job: Job = { caller, start, refuse: giveUp };
      line.push(job);
      if (!this.#busy) this.#next();
    });
  }

  #lineOf({ isFamiliar }: HashCaller): WaitingLine<Job> {
    return isFamiliar ? this.#familiar : this.#strangers;
  }

  /**
   * Frees a place for a job of this caller. If the caller's line has less than half of the places,
   * refuses the newest job of the other line. Otherwise refuses a job of the same line whose caller
   * has more jobs waiting.
   */
  #makeRoom(caller: HashCaller): void {
    const atMost = this.#limits.atMost();
    const half = caller.isFamiliar ? Math.ceil(atMost / 2) : Math.floor(atMost / 2);
    const own = this.#lineOf(caller);
    const other = caller.isFamiliar ? this.#strangers : this.#familiar;
    const victim = own.size < half ? other.newestOfLongest() : own.newestAhead(caller);
    if (victim === undefined) throw refuse('too-busy');
    this.#lineOf(victim.caller).remove(victim);
    victim.refuse(refuse('too-busy'));
  }

  readonly #next = (): void => {
    const isFamiliar = this.#strangers.size === 0 || (!this.#wasFamiliar && this.#familiar.size > 0);
    const job = (isFamiliar ? this.#familiar : this.#strangers).shift();
    this.#busy = job !== undefined;
    this.#wasFamiliar = isFamiliar && job !== undefined;
    job?.start();
  };
}
