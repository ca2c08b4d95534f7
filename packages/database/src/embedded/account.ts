import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** System user that runs PostgreSQL. An empty object means the user of this process. */
export type SystemUser = { readonly uid: number; readonly gid: number } | Readonly<Record<string, never>>;

async function idOf(flag: '-u' | '-g', name: string): Promise<number> {
  return Number.parseInt((await run('id', [flag, name])).stdout, 10);
}

async function accountNamed(name: string): Promise<{ readonly uid: number; readonly gid: number }> {
  return { uid: await idOf('-u', name), gid: await idOf('-g', name) };
}

/**
 * Returns the system user of that name, created if missing.
 * @throws if root cannot create it.
 */
export async function systemAccount(name: string): Promise<{ readonly uid: number; readonly gid: number }> {
  return accountNamed(name).catch(async () => {
    const made = await run('useradd', ['--system', '--user-group', name]).catch((error: Error) => error);
    // Another process may have created it meanwhile.
    return accountNamed(name).catch(() => {
      throw made;
    });
  });
}

async function ownerOf(folder: string): Promise<SystemUser | undefined> {
  const owner = await stat(folder).catch(() => undefined);
  return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : undefined;
}

/**
 * Chooses the system user for PostgreSQL, which refuses to run as root. Root runs it as the owner
 * of its files, or as the user `postgres`, created if missing.
 * @throws {Error} with one sentence if that fails.
 */
export async function chooseAccount(home: string): Promise<SystemUser> {
  if (process.getuid?.() !== 0) return {};
  const owner = await ownerOf(home);
  if (owner) return owner;
  try {
    return await systemAccount('postgres');
  } catch (cause) {
    const problem = 'PostgreSQL does not run as root, and the system user "postgres" could not be created.';
    throw new Error(`${problem} Create it, or do not run as root.`, { cause });
  }
}

/** Returns whether `account` can enter `folder` and every folder above it. */
export async function canEnter(folder: string, account: SystemUser): Promise<boolean> {
  return run('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...account, cwd: '/' }).then(
    () => true,
    () => false,
  );
}
