import { randomUUID } from 'node:crypto';
import { float8, loadSql, type Pool, text, uuid } from '@parley/database';

const sql = loadSql('turns.sql', import.meta.url);
const turn = { work: text, holder: uuid };
const keepTurn = sql.statement('keepTurn', { ...turn, leaseMs: float8 }, { name: text });
const endTurn = sql.statement('endTurn', turn);

/**
 * Milliseconds that a turn lasts without a renewal. No step between two renewals takes that long,
 * because the statement timeout limits it.
 */
const leaseMs = 15_000;
const renewEveryMs = 3_000;

/** Work that one manager does at a time. */
type SharedWork = 'retention' | 'deletion';

/**
 * Renews the turn. Call it before each step.
 * @throws {Error} if another manager has taken the turn.
 */
export type KeepTurn = () => Promise<void>;

/**
 * Runs work, unless another manager is running it. The turn is a lease, not a lock, so that no
 * transaction stays open meanwhile. A manager that is suspended within a step may complete that
 * step later.
 * @throws what `run` throws.
 */
export async function inTurn(pool: Pool, work: SharedWork, run: (keep: KeepTurn) => Promise<void>): Promise<void> {
  const holder = randomUUID();
  const take = async () => (await keepTurn.run(pool, { work, holder, leaseMs })).length > 0;
  let renewedAt = performance.now();
  const keep = async () => {
    if (performance.now() - renewedAt < renewEveryMs) return;
    if (!(await take())) throw new Error(`Another manager has taken over: ${work}.`);
    renewedAt = performance.now();
  };
  if (!(await take())) return;
  try {
    await run(keep);
  } finally {
    await endTurn.run(pool, { work, holder });
  }
}
