import type { Pool } from '@parley/database';

/** The kinds of plans that PostgreSQL can make for a prepared statement. */
export const planModes = ['force_custom_plan', 'force_generic_plan'] as const;

/** A prepared statement, the values of its parameters, and the plan to make. */
export interface ExplainedStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly mode: (typeof planModes)[number];
  /** Options of EXPLAIN. */
  readonly options?: string;
}

/**
 * Returns the plan of a prepared statement as text. An EXPLAIN with bound values would have a
 * custom plan in every mode, so this one executes the statement with literals.
 */
export async function planOf(
  pool: Pool,
  { text, values, mode, options = 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF' }: ExplainedStatement,
): Promise<string> {
  const client = await pool.connect();
  try {
    const literals = await client.query<unknown[]>({
      text: `SELECT ${values.map((_, at) => `quote_nullable($${at + 1}::text)`).join(', ')}`,
      values: [...values],
      rowMode: 'array',
    });
    await client.query(`SET plan_cache_mode = ${mode}`);
    await client.query(`PREPARE explained AS ${text}`);
    const parameters = values.length === 0 ? '' : `(${literals.rows[0]?.join(', ')})`;
    const { rows } = await client.query<Record<'QUERY PLAN', string>>(
      `EXPLAIN (${options}) EXECUTE explained${parameters}`,
    );
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    client.release(true);
  }
}
