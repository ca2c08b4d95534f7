import type pg from 'pg';

/** Longest time, in milliseconds, for which all channels may get new logs. */
const followWithinMs = 60_000;
/** Errors of a database that is not migrated, or whose owner may not read the cluster. Other checks report the first. */
const uncheckable: ReadonlySet<unknown> = new Set(['3F000', '42883', '42501']);

interface Timeline {
  readonly cluster: string;
  readonly timeline: number;
  readonly isFollowed: boolean;
}

/** Returns an error that counts as an unreachable database: it may be the right one soon. */
function wrongServer(words: string): Error {
  return Object.assign(new Error(words), { code: '57P03' });
}

/** Returns where this PostgreSQL is, or undefined if that cannot be found out. */
async function readTimeline(client: pg.ClientBase): Promise<Timeline | undefined> {
  const text = 'SELECT cluster::text, timeline, is_followed AS "isFollowed" FROM chat.current_timeline()';
  try {
    const { rows } = await client.query<{ [field in keyof Timeline]: Timeline[field] | null }>(text);
    const { cluster, timeline, isFollowed } = rows[0] ?? {};
    if (cluster == null || timeline == null)
      throw wrongServer('This PostgreSQL is a standby, which nobody has promoted.');
    return { cluster, timeline, isFollowed: isFollowed === true };
  } catch (thrown) {
    if (uncheckable.has((thrown as { code?: unknown }).code)) return undefined;
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
 * Returns a check of new connections. It refuses a standby, and a primary that a promoted standby
 * has replaced, as far as this process knows. If PostgreSQL is on a timeline to which the database
 * has not followed yet, it may lack the latest transactions, so all channels get new logs before
 * anybody uses the connection.
 */
export function createTimelineCheck(): (client: pg.ClientBase) => Promise<void> {
  const latest = new Map<string, number>();
  return async (client) => {
    const here = await readTimeline(client);
    if (here === undefined) return;
    const { cluster, timeline } = here;
    if (timeline < (latest.get(cluster) ?? 0))
      throw wrongServer('This PostgreSQL was replaced by a standby. Stop it, because no process may write there.');
    latest.set(cluster, timeline);
    if (!here.isFollowed) await follow(client);
  };
}
