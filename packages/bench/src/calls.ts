import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from './figures.js';
import { type BenchRound, roundOf } from './rounds.js';

/** A call of a service, without the network. */
export type Handler<Response> = (request: object, me: object, call: object) => Promise<Response>;

const services = new URL('../../../../services/', import.meta.url);

/**
 * Loads a compiled module of a service, such as `channel-service/inbox/overview.js`, by its path,
 * because a package must not import a service.
 */
export async function loadService<Module>(path: string): Promise<Module> {
  const [service, ...rest] = path.split('/');
  return import(new URL([service, 'dist/src', ...rest].join('/'), services).href);
}

/** Returns a text that says what is wrong with a response, or undefined. */
type Check<Response> = (response: Response) => string | undefined;

/** Durations of the calls of a round in milliseconds, and the reasons why it is not valid. */
export class CallTimes<Response> {
  readonly #check: Check<Response>;
  readonly #times: number[] = [];
  readonly #faults = new Set<string>();

  constructor(check: Check<Response>) {
    this.#check = check;
  }

  /** Makes a call. A call that fails makes the round invalid. */
  async measure(call: () => Promise<Response>): Promise<void> {
    const began = performance.now();
    try {
      const response = await call();
      this.#times.push(performance.now() - began);
      this.fail(this.#check(response));
    } catch (error) {
      this.fail((error as Error).message);
    }
  }

  fail(fault: string | undefined): void {
    if (fault !== undefined) this.#faults.add(fault);
  }

  /** Returns the round. Its value is the median. */
  round(): BenchRound {
    const faults = [...this.#faults].slice(0, 1);
    return { ...roundOf(quantile(this.#times, 0.5), faults), p99Ms: quantile(this.#times, 0.99) };
  }
}

/** Makes calls one after the other for a number of seconds. */
export async function measureCalls<Response>(
  call: () => Promise<Response>,
  seconds: number,
  check: Check<Response>,
): Promise<BenchRound> {
  const times = new CallTimes(check);
  for (const end = performance.now() + seconds * 1_000; performance.now() < end; ) await times.measure(call);
  return times.round();
}

/**
 * Gives each caller one turn a second. The first turns are spread over one second. Calls `onLate`
 * if a turn ends after the time of the caller's next one.
 */
export async function takeTurns(
  callers: readonly (() => Promise<void>)[],
  seconds: number,
  onLate: () => void,
): Promise<void> {
  const began = performance.now();
  const takeTurn = async (turn: () => Promise<void>, at: number) => {
    for (let second = at / callers.length; second < seconds; second++) {
      await delay(Math.max(0, began + second * 1_000 - performance.now()));
      await turn();
      if (performance.now() > began + (second + 1) * 1_000) onLate();
    }
  };
  await Promise.all(callers.map(takeTurn));
}

/** Describes a round of calls. */
export function describeCalls({ value, p99Ms, faults }: BenchRound): string {
  return [`p50 ${value.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`, ...faults].join('; ');
}
