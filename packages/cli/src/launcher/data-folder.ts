import {
  access,
  chmod,
  constants,
  link,
  mkdir,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { identityOf } from '@parley/database';
import { errorCode } from '../failure.js';
import { holderOf, lockFileOf, type RunFacts, readRunFacts, runFileOf } from '../run-file.js';
import { setAside } from './log-files.js';

const isRoot = process.getuid?.() === 0;
/**
 * Mode of the folder. If root runs PostgreSQL as another user, that user must be able to pass
 * through it.
 */
const folderMode = isRoot ? 0o711 : 0o700;
const sharedBits = 0o1022;

/**
 * Makes a data folder private. A folder with files of others, or a shared one such as /tmp, stays
 * as it is.
 */
async function closeToOthers(path: string): Promise<void> {
  const { mode, uid } = await stat(path);
  const names = await readdir(path);
  const isOurs = names.length === 0 || names.includes('secrets.json');
  if (isOurs && uid === process.getuid?.() && (mode & sharedBits) === 0) await chmod(path, folderMode);
}

/** The folder of all persistent data. One `npm start` holds it at a time. */
export class DataFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Creates the folder and locks it.
   * @throws {Error} if it cannot be written, or another `npm start` holds it
   */
  static async take(path: string): Promise<DataFolder> {
    const folder = new DataFolder(await DataFolder.#make(path));
    await folder.#lock();
    return folder;
  }

  static async #make(path: string): Promise<string> {
    try {
      await mkdir(path, { recursive: true, mode: folderMode });
      await access(path, constants.W_OK);
      await closeToOthers(path);
      const logs = join(path, 'logs');
      await mkdir(logs, { recursive: true, mode: 0o700 });
      await chmod(logs, 0o700);
      return await realpath(path);
    } catch (cause) {
      if (errorCode(cause) === 'ENOSPC') throw cause;
      throw new Error(`The data folder ${path} cannot be written. Choose another one with --data.`, { cause });
    }
  }

  get #lockFile(): string {
    return lockFileOf(this.path);
  }

  get #runFile(): string {
    return runFileOf(this.path);
  }

  /** Creates the lock file together with its content in one step, through a hard link. */
  async #lock(): Promise<void> {
    const draft = `${this.#lockFile}.${process.pid}`;
    try {
      await writeFile(draft, `${await identityOf(process.pid)}\n`, { mode: 0o600 });
      while (!(await this.#linkTo(draft))) await this.#evict();
    } finally {
      await rm(draft, { force: true });
    }
  }

  #linkTo(draft: string): Promise<boolean> {
    return link(draft, this.#lockFile).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false;
        throw error;
      },
    );
  }

  /**
   * Removes a stale lock file, or throws if its owner runs. Another start may have replaced the
   * file meanwhile, so its content is checked again after the file was moved aside.
   */
  async #evict(): Promise<void> {
    const aside = `${this.#lockFile}.stale.${process.pid}`;
    const owner = await holderOf(this.#lockFile);
    if (owner === undefined) {
      await rename(this.#lockFile, aside).catch(() => {});
      const another = await holderOf(aside);
      if (another !== undefined) await link(aside, this.#lockFile).catch(() => {});
      await rm(aside, { force: true });
      return;
    }
    const running = `Another \`npm start\` (pid ${owner}) runs with the data folder ${this.path}.${await this.#whereItRuns()}`;
    throw new Error(`${running} Stop it, or choose another folder with --data.`);
  }

  /**
   * Returns a sentence with the addresses of the other start, or an empty text if it has not
   * published them.
   */
  async #whereItRuns(): Promise<string> {
    const { page, services } = await readRunFacts(this.path).catch(() => ({ page: undefined, services: [] }));
    if (page === undefined) return '';
    return ` Its web page is ${page}, and its services are ${services.map(({ name, address }) => `${name} ${address}`).join(', ')}.`;
  }

  /** Returns the path of a new log file. The previous one becomes `<name>.log.1`. */
  freshLog(name: string): string {
    const file = join(this.path, 'logs', `${name}.log`);
    setAside(file);
    return file;
  }

  /** Writes the facts for other commands of this user, atomically. */
  async publish(facts: RunFacts): Promise<void> {
    const draft = `${this.#runFile}.draft`;
    await rm(draft, { force: true });
    await writeFile(draft, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    await rename(draft, this.#runFile);
  }

  /** Releases the folder. */
  async stop(): Promise<void> {
    await rm(this.#runFile, { force: true });
    await rm(this.#lockFile, { force: true });
  }
}
