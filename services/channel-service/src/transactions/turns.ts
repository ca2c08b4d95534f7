import { bool, loadSql, type PoolClient, text } from '@parley/database';

const sql = loadSql('turns.sql', import.meta.url);
const take = sql.statement('takeTurn', { work: text }, { mine: bool });

/** Work that one manager does at a time. */
type SharedWork = 'retention' | 'search' | 'deletion';

/**
 * Takes the turn until the transaction ends. Returns false if another manager has it.
 * @throws the database error.
 */
export async function takeTurn(client: PoolClient, work: SharedWork): Promise<boolean> {
  const [turn] = await take.run(client, { work });
  return turn?.mine === true;
}
