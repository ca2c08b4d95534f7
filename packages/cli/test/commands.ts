import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellWord } from '@parley/runtime';
import { Program, type TestPerson } from '@parley/testkit';

const parley = fileURLToPath(new URL('../../../../bin/parley.js', import.meta.url));

/** Runs `parley` as logged-in users. */
export class Commands {
  readonly #folder: string;
  readonly #managers: string;
  readonly #started: Program[] = [];

  private constructor(folder: string, managers: string) {
    this.#folder = folder;
    this.#managers = managers;
  }

  static async open(managers: string): Promise<Commands> {
    return new Commands(await mkdtemp(join(tmpdir(), 'parley-command-')), managers);
  }

  async start(person: TestPerson, ...args: string[]): Promise<Program> {
    const login = await this.#saveLogin(person);
    const command = new Program(process.execPath, [parley, '--login', login, '--manager', this.#managers, ...args]);
    this.#started.push(command);
    return command;
  }

  /** Runs a command on a terminal, which `script` of util-linux provides. */
  onTerminal(person: TestPerson, ...args: string[]): Promise<Program> {
    return this.#typed(person, args, '');
  }

  /** Runs a command whose input is a terminal and whose output is a pipe. */
  fromKeyboard(person: TestPerson, ...args: string[]): Promise<Program> {
    return this.#typed(person, args, ' | cat');
  }

  async #typed(person: TestPerson, args: readonly string[], then: string): Promise<Program> {
    const login = await this.#saveLogin(person);
    const words = [process.execPath, parley, '--login', login, '--manager', this.#managers, ...args];
    const command = new Program('script', ['-qec', words.map(shellWord).join(' ') + then, '/dev/null']);
    this.#started.push(command);
    return command;
  }

  async #saveLogin(person: TestPerson): Promise<string> {
    const login = join(this.#folder, `${person.id}.json`);
    await writeFile(login, JSON.stringify({ user_id: person.id, name: person.id, token: person.token }));
    return login;
  }

  killAll(): void {
    for (const one of this.#started.splice(0)) one.child.kill();
  }

  close(): Promise<void> {
    return rm(this.#folder, { recursive: true });
  }
}
