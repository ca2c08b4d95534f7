import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Program, type TestPerson, until } from '@parley/testkit';

/** Result of a command: its exit code, and its output and errors together. */
export interface Outcome {
  readonly code: number | null;
  readonly said: string;
}

const overload = /The database is not available|The server is overloaded|did not finish before its deadline/;

/** Runs a command, again and again while it says that the services of the test are overloaded, as a user would. */
export async function patiently(run: () => Promise<Outcome>, tries = 30): Promise<Outcome> {
  const outcome = await run();
  if (outcome.code === 0 || !overload.test(outcome.said) || tries === 1) return outcome;
  await pause(500);
  return patiently(run, tries - 1);
}

/**
 * Runs commands of logged-in users, one after the other, in one process. They must not read stdin.
 */
export class OneProcess {
  readonly #folder: string;
  readonly #addresses: readonly string[];
  readonly #server = new Program(process.execPath, [fileURLToPath(new URL('command-server.js', import.meta.url))]);

  private constructor(folder: string, addresses: readonly string[]) {
    this.#folder = folder;
    this.#addresses = addresses;
  }

  static async open(userService: string, manager: string): Promise<OneProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-commands-'));
    return new OneProcess(folder, ['--user-service', userService, '--manager', manager]);
  }

  /** Runs one command. */
  async run({ id, token }: TestPerson, ...args: string[]): Promise<Outcome> {
    const login = join(this.#folder, `${id}.json`);
    await writeFile(login, JSON.stringify({ user_id: id, name: id, token }));
    return patiently(() => this.#once(['--login', login, ...this.#addresses, ...args]));
  }

  async #once(args: readonly string[]): Promise<Outcome> {
    this.#server.said = '';
    this.#server.type(JSON.stringify(args));
    await until(() => this.#server.said.split('\0').length === 4);
    const [end = '', code] = /\0code=(\d)\0/.exec(this.#server.said) ?? [];
    return { code: Number(code), said: this.#server.said.replace(end, '').replace('\0', '') };
  }

  /** Runs one command with `--json`. Returns what it printed. */
  async json(person: TestPerson, ...args: string[]): Promise<unknown> {
    return JSON.parse((await this.run(person, '--json', ...args)).said);
  }

  async close(): Promise<void> {
    await this.#server.end();
    await rm(this.#folder, { recursive: true });
  }
}
