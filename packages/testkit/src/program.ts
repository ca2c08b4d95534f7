import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** The Python with the packages of the tests. */
export const python = process.env.TEST_PYTHON ?? 'python3';

/** A running program with typed input and recorded output. */
export class Program {
  readonly child: ChildProcess;
  /** Exit code, or null if a signal ended the program. All output has arrived by then. */
  readonly exited: Promise<number | null>;
  /** Output on stdout and stderr. */
  said = '';

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.child = spawn(command, args, options);
    this.exited = new Promise((resolve) => this.child.once('close', resolve));
    this.child.stdin?.on('error', () => {}); // The program may exit before it has read everything.
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.said += chunk;
      });
    }
  }

  /** Types a line. */
  type(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /**
   * Waits until the output contains a text.
   * @throws {Error} with the output, after `withinMs`
   */
  async says(words: string, withinMs = 60_000): Promise<void> {
    for (const end = Date.now() + withinMs; !this.said.includes(words); await pause(20)) {
      if (Date.now() > end) throw new Error(`The program never printed "${words}":\n${this.said}`);
    }
  }

  /** Closes stdin. Resolves with the exit code. */
  end(): Promise<number | null> {
    this.child.stdin?.end();
    return this.exited;
  }
}
