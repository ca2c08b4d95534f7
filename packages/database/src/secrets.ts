import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SERVICE_ROLES, type ServiceRole } from './roles.js';

/** Passwords of an embedded database: the owner's and those of the four services. */
export type Secrets = Readonly<Record<ServiceRole | 'owner', string>>;

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

/**
 * Reads the passwords from `<dataDir>/secrets.json` (mode 600), or creates random ones on first
 * use. Concurrent processes get the same ones.
 * @throws {Error} with one sentence if the folder cannot be written or the file is damaged.
 */
export async function readSecrets(dataDir: string): Promise<Secrets> {
  const path = join(dataDir, 'secrets.json');
  const kept = await read(path);
  if (kept) return kept;
  const fresh = Object.fromEntries(NAMES.map((name) => [name, randomBytes(24).toString('base64url')]));
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(dataDir, { recursive: true });
    await writeFile(draft, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
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
