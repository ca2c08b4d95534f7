import type { Client } from '@grpc/grpc-js';
import type { Method } from '@parley/contract';
import { callUnary, type UnaryOptions } from '@parley/rpc';

/** Milliseconds between two polls. They grow, because the polls of a waiting test slow down other tests. */
const pollEvery = { firstMs: 20, mostMs: 100, growth: 1.25 } as const;

/**
 * Polls until a condition holds. A test uses this to wait for something that must happen soon. The
 * deadline is long, because a busy machine can stretch everything.
 * @throws {Error} after `withinMs`
 */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (let waitMs: number = pollEvery.firstMs; !(await condition()); waitMs *= pollEvery.growth) {
    if (Date.now() > deadline) throw new Error(`The condition did not hold within ${withinMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, pollEvery.mostMs)));
  }
}

/** Matches messages of errors that a pool reports before it has sent a statement. */
const notConnected =
  /^(timeout exceeded when trying to connect|Connection terminated due to connection timeout|timeout expired)/;
/** Reasons with which a service refuses a call while it or its database is overloaded. */
export const overload: readonly string[] = ['database-away', 'too-busy', 'deadline-exceeded'];
/** Code with which PostgreSQL refuses a database whose last connections take more than 5 s to end. */
const inUse = '55006';

function isOverload(thrown: unknown, also: readonly string[]): boolean {
  const { reason, message, code } = thrown as { reason?: unknown; message?: unknown; code?: unknown };
  return [...overload, ...also].includes(String(reason)) || code === inUse || notConnected.test(String(message));
}

/**
 * Makes a call, and repeats it up to `tries` times while the processes of the test are overloaded,
 * as on a busy machine. `also` are further reasons to repeat it.
 * @throws any other error of the call
 */
export async function insist<T>(call: () => Promise<T>, tries = 60, also: readonly string[] = []): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    if (tries <= 1 || !isOverload(thrown, also)) throw thrown;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return insist(call, tries - 1, also);
  }
}

/**
 * Calls a unary method, and repeats the call while the processes of the test are overloaded.
 * @throws {Refusal} for any other reason
 */
export function callPatiently<Q, S>(
  client: Client,
  method: Method<Q, S>,
  request: Q,
  options: UnaryOptions,
): Promise<S> {
  return insist(() => callUnary(client, method, request, options));
}
