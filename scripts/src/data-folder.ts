import { access, constants, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

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

async function commandOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch((error: NodeJS.ErrnoException) =>
    process.platform === 'linux' && error.code === 'ENOENT' ? '' : 'start',
  );
}

async function isAlive(pid: number): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // Empty for a zombie; another program where the number was used again.
  return (await commandOf(pid)).includes('start');
}

async function writeNew(path: string, text: string): Promise<boolean> {
  return writeFile(path, text, { flag: 'wx', mode: 0o600 }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
}

function runFile(folder: string): string {
  return join(folder, 'run.json');
}

/** What the `npm start` with this data folder tells. Throws one sentence where none runs. */
export async function readRunFacts(folder: string): Promise<RunFacts> {
  const text = await readFile(runFile(folder), 'utf8').catch(() => '{}');
  const facts = JSON.parse(text) as RunFacts;
  if (await isAlive(facts.pid)) return facts;
  throw new Error(`No \`npm start\` runs with the data folder ${folder}: start it, or say where it is with --data.`);
}

/** The folder of everything that lasts, held by one `npm start` at a time. */
export class DataFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes the folder and takes it. Throws one sentence if it cannot be written, or another `npm start` has it. */
  static async take(path: string): Promise<DataFolder> {
    const folder = new DataFolder(path);
    try {
      await mkdir(join(path, 'logs'), { recursive: true });
      await access(path, constants.W_OK);
    } catch (cause) {
      throw new Error(`The data folder ${path} cannot be written: choose another with --data.`, { cause });
    }
    await folder.#lock();
    return folder;
  }

  get #lockFile(): string {
    return join(this.path, 'start.pid');
  }

  get #runFile(): string {
    return runFile(this.path);
  }

  async #lock(): Promise<void> {
    while (!(await writeNew(this.#lockFile, `${process.pid}\n`))) {
      const owner = Number(await readFile(this.#lockFile, 'utf8').catch(() => ''));
      if (await isAlive(owner)) {
        throw new Error(
          `Another \`npm start\` (pid ${owner}) runs with the data folder ${this.path}: end it, or choose another with --data.`,
        );
      }
      await rm(this.#lockFile, { force: true });
    }
  }

  /** A fresh log file; the one before is kept as `<name>.log.1`. */
  async freshLog(name: string): Promise<string> {
    const file = join(this.path, 'logs', `${name}.log`);
    await rename(file, `${file}.1`).catch(() => {});
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
