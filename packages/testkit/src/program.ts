import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** A program that stays, is typed to, and whose output can be waited for. */
export class Program {
  readonly #child: ChildProcess;
  output = '';

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
  }

  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Waits until it says this. Throws with all it said where it does not. */
  async says(text: string, withinMs = 10_000): Promise<void> {
    for (const end = Date.now() + withinMs; !this.output.includes(text); await pause(20)) {
      if (Date.now() > end) throw new Error(`never said ${text}:\n${this.output}`);
    }
  }

  /** Says that nothing more is typed; its exit code. */
  async ends(): Promise<number | null> {
    this.#child.stdin?.end();
    return this.#child.exitCode ?? new Promise((resolve) => this.#child.once('exit', resolve));
  }
}
