import { array, bool, int4, int8, loadSql, type Queryable, type RowOf, text, uuid } from '@parley/database';
import { BatchedReads } from '@parley/service-kit';
import type { StoredUsage } from '../core/usage.js';
import { readBounds } from './read-bounds.js';

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
  /** Whether channels are deleted. A server that drains is asked about many of them at once. */
  readonly #areDeleted = new BatchedReads((ids: readonly number[]) => this.#readDeleted(ids), readBounds);

  constructor(pool: Queryable) {
    this.#pool = pool;
  }

  /** Returns the ids of those sessions that have ended. */
  async ended(sessionIds: readonly string[]): Promise<EndedSession[]> {
    return sessionIds.length === 0 ? [] : endedSessions.run(this.#pool, { sessionIds });
  }

  /** Returns the reason for which this server does not own a channel. */
  async whyNotOwned(channelId: number): Promise<'channel-not-found' | 'channel-deleted' | 'moved'> {
    const isDeleted = await this.#areDeleted.ask(channelId);
    if (isDeleted === undefined) return 'channel-not-found';
    return isDeleted ? 'channel-deleted' : 'moved';
  }

  async isDeleted(channelId: number): Promise<boolean> {
    return (await this.#areDeleted.ask(channelId)) === true;
  }

  async #readDeleted(channelIds: readonly number[]): Promise<(boolean | undefined)[]> {
    const states = await channelStates.run(this.#pool, { channelIds: [...new Set(channelIds)] });
    const deleted = new Map(states.map(({ channelId, isDeleted }) => [channelId, isDeleted]));
    return channelIds.map((id) => deleted.get(id));
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
