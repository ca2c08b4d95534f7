import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** A program that stays, is typed to, and whose words can be waited for. */
export class Program {
  readonly child: ChildProcess;
  /** The exit code, null where a signal ended it; by then all is said. */
  readonly exited: Promise<number | null>;
  /** All that it has said, to both. */
  said = '';

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.child = spawn(command, args, options);
    this.exited = new Promise((resolve) => this.child.once('close', resolve));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk) => {
        this.said += String(chunk);
      });
    }
  }

  type(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** Waits until it says this. Throws with all it said where it does not. */
  async says(words: string, withinMs = 60_000): Promise<void> {
    for (const end = Date.now() + withinMs; !this.said.includes(words); await pause(20)) {
      if (Date.now() > end) throw new Error(`never said "${words}":\n${this.said}`);
    }
  }

  /** Nothing more is typed. Resolves with the exit code. */
  end(): Promise<number | null> {
    this.child.stdin?.end();
    return this.exited;
  }
}
