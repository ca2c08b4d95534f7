import type pg from 'pg';

/** How long one statement took. */
export interface StatementTiming {
  /** Name of the statement, or the beginning of its text. It contains no parameters. */
  readonly name: string;
  /** Milliseconds that it waited for a connection of the pool. */
  readonly waitedMs: number;
  /** Milliseconds from its start at the database to its result. */
  readonly ms: number;
  readonly hasFailed: boolean;
}

type Observer = (timing: StatementTiming) => void;

const observers = new Set<Observer>();

/**
 * Calls `observer` after each statement of this process, in the asynchronous context of its caller.
 * Returns a function that ends this.
 */
export function observeStatements(observer: Observer): () => void {
  observers.add(observer);
  return () => void observers.delete(observer);
}

/**
 * Returns a query that calls `sent` whenever pg reads its text. It first does so when the query gets
 * a connection.
 */
function watched<Q extends pg.QueryConfig>(query: Q, sent: () => void): Q {
  return {
    ...query,
    get text() {
      sent();
      return query.text;
    },
  };
}

/**
 * Sends a query with `send`, and tells the observers how long it took.
 * @throws the error of `send`.
 */
export async function timed<Q extends pg.QueryConfig, R>(
  name: string,
  query: Q,
  send: (query: Q) => Promise<R>,
): Promise<R> {
  if (observers.size === 0) return send(query);
  const startedAtMs = performance.now();
  let sentAtMs: number | undefined;
  let hasFailed = true;
  const noteTime = () => {
    sentAtMs ??= performance.now();
  };
  try {
    const result = await send(watched(query, noteTime));
    hasFailed = false;
    return result;
  } finally {
    const endedAtMs = performance.now();
    const waitedMs = (sentAtMs ?? endedAtMs) - startedAtMs;
    const timing = { name, waitedMs, ms: endedAtMs - startedAtMs - waitedMs, hasFailed };
    for (const observer of observers) observer(timing);
  }
}
