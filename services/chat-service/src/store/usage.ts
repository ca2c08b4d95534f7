import { type Queryable, statements } from '@parley/database';
import type { StoredUsage } from '../core/usage.js';

const sql = statements(import.meta.url);

interface UsageRow extends StoredUsage {
  readonly user_id: string;
}

const add = sql<UsageRow, [userIds: readonly string[], bytes: readonly number[], rows: readonly number[]]>('add-usage');

/** Totals of what each user has stored, in `chat.usage`. */
export class UsageStore {
  readonly #pool: Queryable;

  constructor(pool: Queryable) {
    this.#pool = pool;
  }

  /** Adds to the totals of these users, and returns the new totals. */
  readonly add = async (more: ReadonlyMap<string, StoredUsage>): Promise<ReadonlyMap<string, StoredUsage>> => {
    const changes = [...more.values()];
    const rows = await add.run(this.#pool, [
      [...more.keys()],
      changes.map(({ bytes }) => bytes),
      changes.map((change) => change.rows),
    ]);
    return new Map(rows.map((row) => [row.user_id, row]));
  };
}
