import { createPool, type Pool } from '@parley/database';
import { openTestDatabase } from '@parley/testkit';
import { fillYear, indexAll } from './search.js';

/** Disk space that messages take, in bytes. */
export interface DiskUse {
  /** Of each table that grew, with its indexes. */
  readonly tables: ReadonlyMap<string, { readonly rows: number; readonly indexes: number }>;
  /** Bytes of the write-ahead log. */
  readonly walBytes: number;
}

const tableSizes = `SELECT relname AS name, pg_table_size(oid)::int8 AS rows, pg_indexes_size(oid)::int8 AS indexes
  FROM pg_class WHERE relnamespace = 'chat'::regnamespace AND relkind = 'r'`;
const walBytes = "SELECT (pg_current_wal_insert_lsn() - '0/0')::int8 AS bytes";

interface TableSize {
  readonly name: string;
  readonly rows: number;
  readonly indexes: number;
}

async function sizesOf(owner: Pool): Promise<Map<string, TableSize>> {
  const { rows } = await owner.query<TableSize>(tableSizes);
  return new Map(rows.map((one) => [one.name, one]));
}

/** Returns the end of the write-ahead log, in bytes since the beginning of the database. */
export async function walEnd(owner: Pool): Promise<number> {
  return (await owner.query<{ bytes: number }>(walBytes)).rows[0]?.bytes ?? 0;
}

/** Inserts messages of ten words, indexes them for the search, and measures the disk space that they take. */
export async function measureDisk(messages: number): Promise<DiskUse> {
  const database = await openTestDatabase();
  const owner = createPool({ url: database.ownerUrl, applicationName: 'bench', max: 1 });
  const manager = createPool({ url: database.urlFor('chat_manager'), applicationName: 'bench', max: 2 });
  try {
    const [before, walBefore] = [await sizesOf(owner), await walEnd(owner)];
    await fillYear(owner, messages);
    await indexAll(owner, manager);
    const tables = new Map<string, { rows: number; indexes: number }>();
    for (const { name, rows, indexes } of (await sizesOf(owner)).values()) {
      const grown = { rows: rows - (before.get(name)?.rows ?? 0), indexes: indexes - (before.get(name)?.indexes ?? 0) };
      if ((grown.rows + grown.indexes) / messages >= 1) tables.set(name, grown);
    }
    return { tables, walBytes: (await walEnd(owner)) - walBefore };
  } finally {
    await Promise.all([owner.end(), manager.end()]);
    await database.close();
  }
}
