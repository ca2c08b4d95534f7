import {
  access,
  chmod,
  constants,
  link,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { commandOf, identityOf } from '@parley/database';
import { setAside } from './log-files.js';

/** What other commands may know of a running `npm start`. */
export interface RunFacts {
  readonly pid: number;
  /** The owner's URL. */
  readonly database: string;
  readonly services: readonly ServiceFacts[];
}

export interface ServiceFacts {
  readonly name: string;
  /** Of its present life. */
  readonly pid: number;
  /** host:port of its door. */
  readonly address: string;
  readonly admin: string;
}

const isRoot = process.getuid?.() === 0;
/** Root runs PostgreSQL as another user, who has to get through. */
const folderMode = isRoot ? 0o711 : 0o700;
const sharedBits = 0o1022;

/** The `npm start` that a lock file names: undefined where it is gone, or the file tells of none that could be. */
async function holderOf(lockFile: string): Promise<number | undefined> {
  const noted = (await readFile(lockFile, 'utf8').catch(() => '')).trim();
  const pid = Number(noted.split(' ')[0]);
  const identity = await identityOf(pid);
  if (identity === '' || pid === process.pid) return undefined;
  if (noted.includes(' ')) return noted === identity ? pid : undefined;
  // Of an earlier version, which noted the number alone.
  return (await commandOf(pid)).some((word) => /\bstart\.m?js$/.test(word)) ? pid : undefined;
}

function runFile(folder: string): string {
  return join(folder, 'run.json');
}

function lockFileOf(folder: string): string {
  return join(folder, 'start.pid');
}

/** What the `npm start` with this data folder tells. Throws one sentence where none runs. */
export async function readRunFacts(folder: string): Promise<RunFacts> {
  const text = await readFile(runFile(folder), 'utf8').catch(() => '{}');
  const facts = JSON.parse(text) as RunFacts;
  if (facts.pid !== undefined && facts.pid === (await holderOf(lockFileOf(folder)))) return facts;
  throw new Error(`No \`npm start\` runs with the data folder ${folder}: start it, or say where it is with --data.`);
}

/** Closes an empty folder, or that of an earlier version, to others; one that is shared, such as /tmp, is left as it is. */
async function closeToOthers(path: string): Promise<void> {
  const { mode, uid } = await stat(path);
  const names = await readdir(path);
  const isOurs = names.length === 0 || names.includes('secrets.json');
  if (isOurs && uid === process.getuid?.() && (mode & sharedBits) === 0) await chmod(path, folderMode);
}

/** The folder of everything that lasts, held by one `npm start` at a time. */
export class DataFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes the folder and takes it. Throws one sentence if it cannot be written, or another `npm start` has it. */
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
      if ((cause as NodeJS.ErrnoException).code === 'ENOSPC') throw cause;
      throw new Error(`The data folder ${path} cannot be written: choose another with --data.`, { cause });
    }
  }

  get #lockFile(): string {
    return lockFileOf(this.path);
  }

  get #runFile(): string {
    return runFile(this.path);
  }

  /** The lock file has its text as soon as it has its name. */
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

  /** Whoever comes at the same time may have made the file anew: it is looked at once more where nobody else finds it. */
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
    throw new Error(
      `Another \`npm start\` (pid ${owner}) runs with the data folder ${this.path}: end it, or choose another with --data.`,
    );
  }

  /** A fresh log file; the one before is kept as `<name>.log.1`. */
  freshLog(name: string): string {
    const file = join(this.path, 'logs', `${name}.log`);
    setAside(file);
    return file;
  }

  /** Tells other commands of this user where everything is; whoever reads it reads a whole one. */
  async publish(facts: RunFacts): Promise<void> {
    const draft = `${this.#runFile}.draft`;
    await rm(draft, { force: true });
    await writeFile(draft, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    await rename(draft, this.#runFile);
  }

  /** Gives the folder back. */
  async stop(): Promise<void> {
    await rm(this.#runFile, { force: true });
    await rm(this.#lockFile, { force: true });
  }
}
