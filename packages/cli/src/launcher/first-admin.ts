import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, type ParleyClient, Refusal } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { createPool, db, grantAdministrator, type Pool } from '@parley/database';
import { type Reason, type Settings, shellWord } from '@parley/runtime';

/** Options of `makeFirstAdmin`. */
export interface FirstAdminOptions {
  readonly settings: Pick<Settings, 'FIRST_ADMIN' | 'TLS_CA'>;
  readonly ownerUrl: string;
  /** Address of the user-service, as `host:port`. */
  readonly userService: string;
  /** Folder for the file with the password of the account. */
  readonly dataDir: string;
  readonly print: (line: string) => void;
}

function clientOf({ userService, settings }: FirstAdminOptions): ParleyClient {
  const { TLS_CA } = settings;
  const security = TLS_CA === undefined ? {} : { tls: true, ca: readFileSync(TLS_CA) };
  return createClient({ transport: grpcTransport({ userService, channelService: userService, ...security }) });
}

/** Waits for a call. Returns true if it succeeds, or false if it is refused with this reason. */
async function succeedsUnless(reason: Reason, call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.reason === reason) return false;
    throw thrown;
  }
}

/**
 * Creates the account with this password. Returns true if the account is ours: created now, or by
 * an earlier start that was stopped before it made the user an operator.
 */
async function createAccount(userId: string, password: string, options: FirstAdminOptions): Promise<boolean> {
  const client = clientOf(options);
  try {
    const isNew = await succeedsUnless('user-id-taken', client.register({ userId, password, name: userId }));
    return isNew || (await succeedsUnless('wrong-credentials', client.login(userId, password)));
  } finally {
    await client.close();
  }
}

/** Returns the password that an earlier start wrote to the file, or writes a new one. */
async function passwordIn(file: string): Promise<string> {
  const left = await readFile(file, 'utf8').catch(() => undefined);
  if (left !== undefined) return left.trim();
  const password = randomBytes(18).toString('base64url');
  await writeFile(file, `${password}\n`, { mode: 0o600, flag: 'wx' });
  return password;
}

const registrationIsLimited: readonly Reason[] = ['registration-closed', 'invite-not-found'];

async function createOperator(pool: Pool, userId: string, options: FirstAdminOptions): Promise<string> {
  const file = join(options.dataDir, `${userId}.password`);
  try {
    if (!(await createAccount(userId, await passwordIn(file), options))) {
      await rm(file);
      return `PARLEY_FIRST_ADMIN: the account ${userId} already exists; if it is yours, run \`npx parley admin grant ${userId} --data ${shellWord(options.dataDir)}\``;
    }
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || !registrationIsLimited.includes(thrown.reason as Reason)) throw thrown;
    await rm(file);
    return 'PARLEY_FIRST_ADMIN: there are accounts already, and PARLEY_REGISTRATION allows no other; make one of them an operator with `npx parley admin grant`';
  }
  await grantAdministrator(pool, userId);
  return `${userId} is the first operator; its password is in ${file}`;
}

async function hasOperator(pool: Pool): Promise<boolean> {
  const operator = await db(pool)
    .selectFrom('users')
    .select('id')
    .where('role', '=', 'admin')
    .where('status', '=', 'active')
    .limit(1)
    .executeTakeFirst();
  return operator !== undefined;
}

/**
 * Creates the account that PARLEY_FIRST_ADMIN names and makes it an operator, if there is no
 * operator yet. Only a new account with a password that nobody else has seen is promoted, so
 * registering the id first gains nothing.
 */
export async function makeFirstAdmin(options: FirstAdminOptions): Promise<void> {
  const userId = options.settings.FIRST_ADMIN;
  if (userId === undefined) return;
  const pool = createPool({ url: options.ownerUrl, applicationName: 'parley start', max: 1 });
  try {
    if (!(await hasOperator(pool))) options.print(await createOperator(pool, userId, options));
  } finally {
    await pool.end();
  }
}
