import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { allocatorSettings, type Part } from '@parley/runtime';

/** Program, environment and log file of one service. */
export interface Launch {
  readonly name: string;
  /** Path of the compiled main module. */
  readonly main: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** System user to run as. Default: the user of this process. */
  readonly account?: { readonly uid: number; readonly gid: number };
}

/** Addresses of a service, by protocol. */
export type Listens = Readonly<Record<string, string>>;

interface Message {
  readonly listens?: Listens;
  readonly failed?: string;
}

const startWithinMs = 30_000;
const firstDelayMs = 1_000;
const longestDelayMs = 10_000;
/**
 * Time, in milliseconds, that a process must have run for its next restart to have the shortest
 * delay.
 */
const steadyMs = 30_000;

function running(child: ChildProcess | undefined): child is ChildProcess {
  return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** One service as a child process, restarted if it exits unexpectedly. */
export class SupervisedProcess implements Part {
  readonly #launch: Launch;
  readonly #print: (line: string) => void;
  readonly #onRevived: () => void;
  #child: ChildProcess | undefined;
  #again: NodeJS.Timeout | undefined;
  #delayMs = firstDelayMs;
  #startedAt = 0;
  #stopping = false;

  /**
   * Creates the process without starting it. `onRevived` is called when the service listens again
   * after an unexpected exit.
   */
  constructor(launch: Launch, print: (line: string) => void, onRevived: () => void) {
    this.#launch = launch;
    this.#print = print;
    this.#onRevived = onRevived;
  }

  get name(): string {
    return this.#launch.name;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get logFile(): string {
    return this.#launch.logFile;
  }

  /**
   * Starts the service. Resolves when it listens. A failed first start is not retried.
   * @throws {Error} if it cannot start
   */
  async start(): Promise<Listens> {
    const child = this.#spawn();
    this.#child = child;
    this.#startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        clearTimeout(bound);
        child.kill('SIGKILL');
        reject(new Error(`${this.name} did not start: ${why}`));
      };
      const bound = setTimeout(() => fail(`no response for 30 s; see ${this.logFile}`), startWithinMs);
      child.on('error', (error) => fail(error.message));
      child.once('exit', (code, signal) => fail(`it ended (${signal ?? `exit code ${code}`}); see ${this.logFile}`));
      child.once('message', ({ listens, failed }: Message) => {
        if (listens === undefined) return fail(failed ?? `unexpected message; see ${this.logFile}`);
        clearTimeout(bound);
        child.removeAllListeners('exit').once('exit', (code, signal) => this.#died(signal ?? `exit code ${code}`));
        resolve(listens);
      });
    });
  }

  /** Spawns the child in its own session, so that Ctrl-C reaches only the supervisor. */
  #spawn(): ChildProcess {
    const { main, env, logFile, account } = this.#launch;
    const log = openSync(logFile, 'a', 0o600);
    try {
      return spawn(process.execPath, [main], {
        ...account,
        env: { ...allocatorSettings, ...env },
        detached: true,
        stdio: ['ignore', log, log, 'ipc'],
      });
    } finally {
      closeSync(log);
    }
  }

  #died(how: string): void {
    if (this.#stopping) return;
    if (performance.now() - this.#startedAt > steadyMs) this.#delayMs = firstDelayMs;
    this.#print(`${this.name} exited (${how}); restarting it in ${this.#delayMs / 1_000} s`);
    this.#again = setTimeout(() => this.#revive(), this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, longestDelayMs);
  }

  #revive(): void {
    this.start().then(
      () => {
        this.#print(`${this.name} listens again (pid ${this.pid})`);
        this.#onRevived();
      },
      (error: Error) => this.#died(error.message),
    );
  }

  /** Stops the service cleanly. */
  stop(): Promise<void> {
    return this.#end((child) => child.kill('SIGTERM'), stopWithin(this.#launch.env));
  }

  /** Stops the service as fast as if its supervisor had disappeared: in less than two seconds. */
  abandon(): Promise<void> {
    return this.#end((child) => child.connected && child.disconnect(), 2_000);
  }

  /** Sends a signal to the service. */
  signal(signal: NodeJS.Signals): void {
    if (running(this.#child)) this.#child.kill(signal);
  }

  /** Kills the service. */
  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#again);
    if (running(this.#child)) this.#child.kill('SIGKILL');
  }

  async #end(ask: (child: ChildProcess) => void, withinMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#again);
    const child = this.#child;
    if (!running(child)) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    ask(child);
    const force = setTimeout(() => child.kill('SIGKILL'), withinMs);
    await ended;
    clearTimeout(force);
  }
}

/**
 * Returns the time, in milliseconds, after which a stopping service is killed: two seconds after
 * its deadline. The service itself exits by force one second after its deadline.
 */
function stopWithin(env: NodeJS.ProcessEnv): number {
  return (Number(env.PARLEY_STOP_SECONDS ?? 8) + 2) * 1_000;
}
