import type pg from 'pg';
import { isForbidden } from './failure.js';

/** Longest time, in milliseconds, for which all channels may get new logs. */
const followWithinMs = 600_000;
/** Errors of a database that is not migrated. Other checks report them. */
const isUnmigrated: ReadonlySet<unknown> = new Set(['3F000', '42883']);
/** Newest timeline of each cluster that this process has used. */
const latest = new Map<string, number>();

interface Timeline {
  readonly cluster: string;
  readonly timeline: number;
  readonly isFollowed: boolean;
}

/** The address leads to a PostgreSQL that services must not use. It counts as unreachable, because the right one may follow. */
export class WrongServerError extends Error {
  readonly code = '57P03';
}

/** Returns where this PostgreSQL is, or undefined if that cannot be found out. */
async function readTimeline(client: pg.ClientBase): Promise<Timeline | undefined> {
  const text = 'SELECT cluster::text, timeline, is_followed AS "isFollowed" FROM chat.current_timeline()';
  try {
    const { rows } = await client.query<{ [field in keyof Timeline]: Timeline[field] | null }>(text);
    const { cluster, timeline, isFollowed } = rows[0] ?? {};
    if (cluster == null || timeline == null)
      throw new WrongServerError('This PostgreSQL is a standby, which nobody has promoted.');
    return { cluster, timeline, isFollowed: isFollowed === true };
  } catch (thrown) {
    const { code } = thrown as { code?: unknown };
    if (isUnmigrated.has(code) || isForbidden(thrown)) return undefined; // The owner may lack the right to read the cluster.
    throw thrown;
  }
}

/** Gives all channels new logs. Waits for a process that does it already. */
async function follow(client: pg.ClientBase): Promise<void> {
  const limits = `SET LOCAL statement_timeout = ${followWithinMs}; SET LOCAL lock_timeout = ${followWithinMs}`;
  const query: pg.QueryConfig & { readonly query_timeout: number } = {
    text: `BEGIN; ${limits}; SELECT chat.follow_timeline(); COMMIT`,
    query_timeout: followWithinMs,
  };
  await client.query(query);
}

/**
 * Checks a new connection. Refuses a standby, and a primary that a promoted standby has replaced, as
 * far as this process knows. If PostgreSQL is on a timeline to which the database has not followed
 * yet, it may lack the latest transactions, so all channels get new logs before anybody uses the
 * connection.
 * @throws {WrongServerError} or the database error
 */
export async function checkTimeline(client: pg.ClientBase): Promise<void> {
  const here = await readTimeline(client);
  if (here === undefined) return;
  const { cluster, timeline } = here;
  if (timeline < (latest.get(cluster) ?? 0))
    throw new WrongServerError(
      'This PostgreSQL was replaced by a standby. Stop it, because no process may write there.',
    );
  latest.set(cluster, timeline);
  if (!here.isFollowed) await follow(client);
}
