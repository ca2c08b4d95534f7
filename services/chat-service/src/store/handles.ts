import { array, bool, int4, int8, loadSql, type Queryable, type RowOf, text, uuid } from '@parley/database';
import type { StoredUsage } from '../core/usage.js';

const sql = loadSql('handles.sql', import.meta.url);
const endedSessions = sql.statement(
  'endedSessions',
  { sessionIds: array(uuid) },
  { sessionId: uuid, reason: text.as<'suspended' | 'logged-out'>() },
);
const channelStates = sql.statement('channelStates', { channelIds: array(int4) }, { channelId: int4, isDeleted: bool });
const readUsage = sql.statement('readUsage', { userIds: array(text) }, { userId: text, bytes: int8, rows: int8 });

/** A session that has ended. */
export type EndedSession = RowOf<typeof endedSessions>;

/** Reads the facts that the handles of relays depend on. */
export class HandleStore {
  readonly #pool: Queryable;

  constructor(pool: Queryable) {
    this.#pool = pool;
  }

  /** Returns the ids of those sessions that have ended. */
  async ended(sessionIds: readonly string[]): Promise<EndedSession[]> {
    return sessionIds.length === 0 ? [] : endedSessions.run(this.#pool, { sessionIds });
  }

  /** Returns the reason for which this server does not own a channel. */
  async whyNotOwned(channelId: number): Promise<'channel-not-found' | 'channel-deleted' | 'moved'> {
    const [state] = await channelStates.run(this.#pool, { channelIds: [channelId] });
    if (state === undefined) return 'channel-not-found';
    return state.isDeleted ? 'channel-deleted' : 'moved';
  }

  /** Returns the ids of those channels that are deleted. */
  async deleted(channelIds: readonly number[]): Promise<ReadonlySet<number>> {
    const states = await channelStates.run(this.#pool, { channelIds });
    return new Set(states.filter(({ isDeleted }) => isDeleted).map(({ channelId }) => channelId));
  }

  /**
   * Returns the storage that each user has used in all channels, together with the accounts that
   * share the quota.
   */
  async usage(userIds: readonly string[]): Promise<ReadonlyMap<string, StoredUsage>> {
    const rows = await readUsage.run(this.#pool, { userIds });
    return new Map(rows.map((row) => [row.userId, row]));
  }
}
