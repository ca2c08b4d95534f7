import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, type ParleyClient, Refusal } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { createPool, grantAdministrator, type Pool } from '@parley/database';
import { type Reason, type Settings, shellWord } from '@parley/runtime';

export interface FirstAdminOptions {
  readonly settings: Pick<Settings, 'FIRST_ADMIN' | 'TLS_CA'>;
  readonly ownerUrl: string;
  /** host:port */
  readonly userService: string;
  /** Where its password is left. */
  readonly dataDir: string;
  readonly say: (line: string) => void;
}

const anyAdministrator = "SELECT FROM chat.users WHERE role = 'admin' AND status = 'active' LIMIT 1";

function clientOf({ userService, settings }: FirstAdminOptions): ParleyClient {
  const { TLS_CA } = settings;
  const security = TLS_CA === undefined ? {} : { tls: true, ca: readFileSync(TLS_CA) };
  return createClient({ transport: grpcTransport({ userService, channelService: userService, ...security }) });
}

/** False where the answer was that reason. */
async function unless(reason: Reason, call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.reason === reason) return false;
    throw thrown;
  }
}

/** Makes the account with this password; true too where an earlier start did and ended before it could say so. */
async function owns(userId: string, password: string, options: FirstAdminOptions): Promise<boolean> {
  const client = clientOf(options);
  try {
    const isNew = await unless('user-id-taken', client.register({ userId, password, name: userId }));
    return isNew || (await unless('wrong-credentials', client.login(userId, password)));
  } finally {
    await client.close();
  }
}

/** The password that an earlier start has left, or a new one. */
async function passwordIn(file: string): Promise<string> {
  const left = await readFile(file, 'utf8').catch(() => undefined);
  if (left !== undefined) return left.trim();
  const password = randomBytes(18).toString('base64url');
  await writeFile(file, `${password}\n`, { mode: 0o600, flag: 'wx' });
  return password;
}

async function make(pool: Pool, userId: string, options: FirstAdminOptions): Promise<string> {
  const file = join(options.dataDir, `${userId}.password`);
  if (!(await owns(userId, await passwordIn(file), options))) {
    await rm(file);
    return `PARLEY_FIRST_ADMIN: somebody has the account ${userId} already; if it is yours, run \`npx parley admin grant ${userId} --data ${shellWord(options.dataDir)}\``;
  }
  await grantAdministrator(pool, userId);
  return `${userId} is the first administrator; its password is in ${file}`;
}

/**
 * Makes the account that the settings name, and an administrator of it, where there is no administrator yet. Only an account that is new,
 * with a password nobody else has seen: whoever registers the id first gets nothing by it.
 */
export async function makeFirstAdmin(options: FirstAdminOptions): Promise<void> {
  const userId = options.settings.FIRST_ADMIN;
  if (userId === undefined) return;
  const pool = createPool({ url: options.ownerUrl, applicationName: 'parley start', max: 1 });
  try {
    if ((await pool.query(anyAdministrator)).rowCount === 0) options.say(await make(pool, userId, options));
  } finally {
    await pool.end();
  }
}
