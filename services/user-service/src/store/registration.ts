import { bool, loadSql, type Queryable, type Rate, spend, text } from '@parley/database';

const sql = loadSql('registration.sql', import.meta.url);

const readInvitation = sql.statement('readInvitation', { code: text }, { isOpen: bool });
const useInvitation = sql.statement('useInvitation', { code: text }, { isUsed: bool });
const readAnyAccount = sql.statement('readAnyAccount', {}, { hasAccounts: bool });

/** A rate that never refuses. Its row is the lock that makes transactions take turns. */
const turn: Rate = { key: 'first-account', secondsPerCall: 0.001, burst: 1_000_000 };

/** Returns whether there is no account yet. */
export async function isUnused(client: Queryable): Promise<boolean> {
  const [row] = await readAnyAccount.run(client);
  return row?.hasAccounts === false;
}

/**
 * Returns whether there is no account yet. Other transactions that ask wait until this one ends.
 */
export async function claimFirst(client: Queryable): Promise<boolean> {
  await spend(client, turn, 'all');
  return isUnused(client);
}

/** Returns whether an invitation has a use left. */
export async function isInvited(client: Queryable, code: string): Promise<boolean> {
  const [row] = await readInvitation.run(client, { code });
  return row?.isOpen === true;
}

/** Counts one use of an invitation in this transaction. Returns false if no use is left. */
export async function takeInvitation(client: Queryable, code: string): Promise<boolean> {
  const [row] = await useInvitation.run(client, { code });
  return row?.isUsed === true;
}
