import type { ClientBase } from 'pg';
import type { TableShape } from './records.js';

/**
 * Returns the tables that a backup contains, and their columns. Leaves out the tables about
 * migrations, which a restore makes by migrating, and columns that PostgreSQL generates.
 * @throws the database error
 */
export async function readTables(client: ClientBase): Promise<TableShape[]> {
  const { rows } = await client.query<TableShape>(
    `SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = to_regnamespace('chat') AND c.relkind = 'r' AND c.relname NOT IN ('migration', 'applied_migration', 'migration_lock')
       AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     GROUP BY c.relname ORDER BY c.relname`,
  );
  return rows;
}

/** Returns the table and its columns, as COPY names them. */
export function withColumns({ name, columns }: TableShape): string {
  return `chat.${name} (${columns.map((column) => `"${column}"`).join(', ')})`;
}
