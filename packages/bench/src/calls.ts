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

/**
 * Makes calls one after the other for a number of seconds. The value of the returned round is the
 * median duration in milliseconds. `check` returns what is wrong with a response, or undefined.
 */
export async function measureCalls<Response>(
  call: () => Promise<Response>,
  seconds: number,
  check: (response: Response) => string | undefined,
): Promise<BenchRound> {
  const times: number[] = [];
  const faults = new Set<string>();
  for (const end = performance.now() + seconds * 1_000; performance.now() < end; ) {
    const began = performance.now();
    const response = await call();
    times.push(performance.now() - began);
    const fault = check(response);
    if (fault !== undefined) faults.add(fault);
  }
  return { ...roundOf(quantile(times, 0.5), [...faults].slice(0, 1)), p99Ms: quantile(times, 0.99) };
}

/** Describes a round of calls. */
export function describeCalls({ value, p99Ms, faults }: BenchRound): string {
  return [`p50 ${value.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`, ...faults].join('; ');
}
