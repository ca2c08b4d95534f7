import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SERVICE_ROLES, type ServiceRole } from './roles.js';

/** Passwords of an embedded database: the owner's and those of the four services. */
export type Secrets = Readonly<Record<ServiceRole | 'owner', string>>;

const randomPassword = () => randomBytes(24).toString('base64url');

const NAMES: readonly (keyof Secrets)[] = ['owner', ...SERVICE_ROLES];

async function read(path: string): Promise<Secrets | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`${path} cannot be read. Make the user that runs Parley its owner.`, { cause: error });
  }
  const secrets = parse(text);
  if (NAMES.every((name) => typeof secrets[name] === 'string')) return secrets as unknown as Secrets;
  throw new Error(`${path} is damaged. Restore it: the database accepts no other passwords.`);
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

const draftOf = (path: string) => `${path}.${randomBytes(6).toString('hex')}`;

async function write(path: string, secrets: Readonly<Record<string, string>>): Promise<void> {
  await writeFile(path, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
}

/**
 * Reads the passwords from `<dataDir>/secrets.json` (mode 600), or creates random ones on first
 * use. Concurrent processes get the same ones.
 * @throws {Error} with one sentence if the folder cannot be written or the file is damaged.
 */
export async function readSecrets(dataDir: string): Promise<Secrets> {
  const path = join(dataDir, 'secrets.json');
  const kept = await read(path);
  if (kept) return kept;
  const fresh = Object.fromEntries(NAMES.map((name) => [name, randomPassword()]));
  const draft = draftOf(path);
  try {
    await mkdir(dataDir, { recursive: true });
    await write(draft, fresh);
    await link(draft, path).catch(ignoreExisting);
  } catch (error) {
    throw new Error(`The data folder ${dataDir} cannot be written. Choose another.`, { cause: error });
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
  return readSecrets(dataDir);
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

/**
 * Replaces the passwords of the services, not the owner's, in `<dataDir>/secrets.json`. Calls
 * `apply` with all passwords first. If it throws, the file stays as it is.
 * @throws {Error} with one sentence if the file is missing, damaged or in a folder that cannot be
 *   written, or what `apply` throws.
 */
export async function rotateSecrets(dataDir: string, apply: (rotated: Secrets) => Promise<void>): Promise<void> {
  const path = join(dataDir, 'secrets.json');
  const secrets = await read(path);
  if (secrets === undefined) throw new Error(`${path} is missing. Give the folder in which it was created.`);
  const rotated = { ...secrets, ...Object.fromEntries(SERVICE_ROLES.map((role) => [role, randomPassword()])) };
  const draft = draftOf(path);
  try {
    await write(draft, rotated).catch((cause: Error) => {
      throw new Error(`The folder ${dataDir} cannot be written. No password has changed.`, { cause });
    });
    await apply(rotated);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}
