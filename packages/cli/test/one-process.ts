import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program, type TestPerson, until } from '@parley/testkit';

/** Result of a command: its exit code, and its output and errors together. */
export interface Outcome {
  readonly code: number;
  readonly said: string;
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
    this.#server.said = '';
    this.#server.type(JSON.stringify(['--login', login, ...this.#addresses, ...args]));
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
