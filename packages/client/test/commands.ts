import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestPerson } from '@parley/testkit';

const parley = fileURLToPath(new URL('../../../../bin/parley.js', import.meta.url));

/** One running `parley`. */
export class Command {
  readonly #child: ChildProcess;
  readonly exited: Promise<number | null>;
  /** All that it has said. */
  said = '';

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, [parley, ...args]);
    this.exited = new Promise((resolve) => this.#child.once('close', resolve));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk) => {
        this.said += String(chunk);
      });
    }
  }

  kill(): void {
    this.#child.kill();
  }

  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Nothing more is typed. Resolves with the exit code. */
  end(): Promise<number | null> {
    this.#child.stdin?.end();
    return this.exited;
  }
}

/** `parley` as people who are logged in. */
export class Commands {
  readonly #folder: string;
  readonly #managers: string;
  readonly #started: Command[] = [];

  private constructor(folder: string, managers: string) {
    this.#folder = folder;
    this.#managers = managers;
  }

  static async open(managers: string): Promise<Commands> {
    return new Commands(await mkdtemp(join(tmpdir(), 'parley-command-')), managers);
  }

  async start(person: TestPerson, ...args: string[]): Promise<Command> {
    const login = join(this.#folder, `${person.id}.json`);
    await writeFile(login, JSON.stringify({ user_id: person.id, name: person.id, token: person.token }));
    const command = new Command(['--login', login, '--manager', this.#managers, ...args]);
    this.#started.push(command);
    return command;
  }

  killAll(): void {
    for (const one of this.#started.splice(0)) one.kill();
  }

  close(): Promise<void> {
    return rm(this.#folder, { recursive: true });
  }
}
