import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import {
  access,
  chown,
  mkdir,
  mkdtemp,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { canEnter, type SystemUser } from './account.js';
import { ENVIRONMENT, SHARED } from './binaries.js';

const run = promisify(execFile);

/**
 * Creates the data folder and returns its real path.
 * @throws {Error} with one sentence if it cannot be written.
 */
export async function openFolder(dataDir: string): Promise<string> {
  const folder = resolve(dataDir);
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return await realpath(folder);
  } catch (cause) {
    throw new Error(`The data folder ${folder} cannot be written. Choose another.`, { cause });
  }
}

/**
 * Returns the folder of the database files of a data folder, following a link if they are
 * elsewhere.
 */
export async function homeOf(folder: string): Promise<string> {
  const home = join(await realpath(folder).catch(() => resolve(folder)), 'postgres');
  return readlink(home).catch(() => home);
}

/**
 * Chooses the folder of the database files. If the account cannot enter the data folder, they go
 * elsewhere and a link in the data folder points to them.
 */
async function place(folder: string, account: SystemUser, log: (line: string) => void): Promise<string> {
  const home = join(folder, 'postgres');
  if (!('uid' in account) || (await canEnter(folder, account))) return home;
  await mkdir(SHARED, { recursive: true, mode: 0o755 });
  const elsewhere = await mkdtemp(join(SHARED, 'data-'));
  await chown(elsewhere, account.uid, account.gid);
  const there = join(elsewhere, 'postgres');
  await symlink(there, home);
  log(`The database files are in ${there}, because the system user of PostgreSQL cannot enter ${folder}.`);
  return there;
}

async function initdb(binaries: string, target: string, account: SystemUser, password: string): Promise<void> {
  const secret = `${target}.password`;
  await rm(secret, { force: true });
  await writeFile(secret, `${password}\n`, { mode: 0o600 });
  if ('uid' in account) await chown(secret, account.uid, account.gid);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=parley', '--auth=scram-sha-256', `--pwfile=${secret}`];
  try {
    await run(join(binaries, 'bin', 'initdb'), ['-D', target, ...locale, ...access, '--no-instructions'], {
      ...account,
      cwd: '/',
      env: ENVIRONMENT,
    });
  } finally {
    await rm(secret, { force: true });
  }
}

export interface HomeSettings {
  readonly folder: string;
  readonly binaries: string;
  readonly account: SystemUser;
  /** Password of the owner, `parley`. */
  readonly password: string;
  readonly log: (line: string) => void;
}

/**
 * Creates the database files if a data folder has none. If the first start is killed, no incomplete
 * files remain.
 */
export async function makeHome({ folder, binaries, account, password, log }: HomeSettings): Promise<string> {
  const known = await homeOf(folder);
  if (await stat(join(known, 'PG_VERSION')).catch(() => undefined)) return known;
  const home = known === join(folder, 'postgres') ? await place(folder, account, log) : known;
  const draft = `${home}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  if ('uid' in account) await chown(draft, account.uid, account.gid);
  await initdb(binaries, draft, account, password);
  await rename(draft, home);
  return home;
}
