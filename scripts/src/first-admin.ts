import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, Refusal } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { createPool, grantAdministrator, type Pool } from '@parley/database';
import type { Settings } from '@parley/runtime';

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

/** False where somebody has an account of that id already. */
async function register(
  userId: string,
  password: string,
  { userService, settings }: FirstAdminOptions,
): Promise<boolean> {
  const { TLS_CA } = settings;
  const security = TLS_CA === undefined ? {} : { tls: true, ca: readFileSync(TLS_CA) };
  const client = createClient({ transport: grpcTransport({ userService, channelService: userService, ...security }) });
  try {
    await client.register({ userId, password, name: userId });
    return true;
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.reason === 'user-id-taken') return false;
    throw thrown;
  } finally {
    await client.close();
  }
}

async function make(pool: Pool, userId: string, options: FirstAdminOptions): Promise<string> {
  const password = randomBytes(18).toString('base64url');
  const file = join(options.dataDir, `${userId}.password`);
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  if (!(await register(userId, password, options))) {
    await rm(file);
    return `PARLEY_FIRST_ADMIN: somebody has the account ${userId} already; if it is yours, run \`npx parley admin grant ${userId}\``;
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
