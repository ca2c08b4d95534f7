import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const answerWithinMs = 120_000;

interface Failure {
  readonly failed?: string;
}

/** A process of the bench that responds to messages. */
export class BenchProcess {
  readonly #process: ChildProcess;

  /** Starts a process. `module` is a compiled module of this package, such as `load/main.js`. */
  constructor(module: string) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(PARLEY_|NODE_OPTIONS|JEST_)/.test(name));
    const path = fileURLToPath(new URL(module, import.meta.url));
    this.#process = fork(path, [], { env: Object.fromEntries(inherited), execArgv: [], serialization: 'advanced' });
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /**
   * Sends `question`, if given, and resolves with the next message of the process.
   * @throws {Error} if it reports a failure, exits, or does not respond within two minutes
   */
  ask<T>(question?: object): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      const ended = () => reject(new Error('A process of the bench has exited.'));
      const timer = setTimeout(() => reject(new Error('A process of the bench does not respond.')), answerWithinMs);
      this.#process.once('exit', ended);
      this.#process.once('message', (words: Failure & T) => {
        clearTimeout(timer);
        this.#process.off('exit', ended);
        if (words.failed === undefined) resolve(words);
        else reject(new Error(words.failed));
      });
    });
    if (question !== undefined) this.#process.send(question);
    return answer;
  }

  /** Kills the process and waits for its end. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exited = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await exited;
  }
}
