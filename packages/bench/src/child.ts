import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const patienceMs = 120_000;

interface Words {
  readonly failed?: string;
}

/** A process of the bench that answers by messages. */
export class BenchProcess {
  readonly #process: ChildProcess;

  /** `module` is a compiled module of this package, e.g. `load/main.js`. */
  constructor(module: string) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(PARLEY_|NODE_OPTIONS|JEST_)/.test(name));
    const path = fileURLToPath(new URL(module, import.meta.url));
    this.#process = fork(path, [], { env: Object.fromEntries(inherited), execArgv: [], serialization: 'advanced' });
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /**
   * What it says next; `question` is sent first where there is one.
   * @throws {Error} what it failed with, or that it is silent or gone.
   */
  ask<UnaryHandler>(question?: object): Promise<UnaryHandler> {
    const answer = new Promise<UnaryHandler>((resolve, reject) => {
      const ended = () => reject(new Error('a process of the bench has ended'));
      const patience = setTimeout(() => reject(new Error('a process of the bench is silent')), patienceMs);
      this.#process.once('exit', ended);
      this.#process.once('message', (words: Words & UnaryHandler) => {
        clearTimeout(patience);
        this.#process.off('exit', ended);
        if (words.failed === undefined) resolve(words);
        else reject(new Error(words.failed));
      });
    });
    if (question !== undefined) this.#process.send(question);
    return answer;
  }

  /** Ends it, and waits for that. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exited = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await exited;
  }
}
