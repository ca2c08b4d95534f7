import { array, int8, loadSql, type Queryable, text } from '@parley/database';
import type { StoredUsage } from '../core/usage.js';

const addUsage = loadSql('usage.sql', import.meta.url).statement(
  'addUsage',
  { userIds: array(text), bytes: array(int8), rows: array(int8) },
  { userId: text, bytes: int8, rows: int8 },
);

/** Totals of what each user has stored, in `chat.usage`. */
export class UsageStore {
  readonly #pool: Queryable;

  constructor(pool: Queryable) {
    this.#pool = pool;
  }

  /** Adds to the totals of these users, and returns the new totals. */
  readonly add = async (more: ReadonlyMap<string, StoredUsage>): Promise<ReadonlyMap<string, StoredUsage>> => {
    const changes = [...more.values()];
    const totals = await addUsage.run(this.#pool, {
      userIds: [...more.keys()],
      bytes: changes.map(({ bytes }) => bytes),
      rows: changes.map(({ rows }) => rows),
    });
    return new Map(totals.map((total) => [total.userId, total]));
  };
}
