import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allocatorSettings } from '@parley/runtime';

export type ServiceName = 'user-service' | 'channel-service' | 'chat-service' | 'gateway';

interface ToSupervisor {
  readonly listens?: { readonly grpc?: string; readonly http?: string; readonly admin?: string };
  readonly failed?: string;
}

const startWithinMs = 45_000;

const projectFolder = fileURLToPath(new URL('../../../..', import.meta.url));

/** Returns the path of the service's bundle in a project folder. */
export function bundleOf(service: ServiceName, folder = projectFolder): string {
  return join(folder, 'dist', 'services', `${service}.js`);
}

/** Returns the path of a module in the test folder of a service. */
function testModuleOf(service: ServiceName, entry: string): string {
  return join(projectFolder, 'services', service, 'dist', 'test', `${entry}.js`);
}

/** A service as a real process, configured by its environment. */
export class ServiceProcess {
  readonly #child: ChildProcess;
  #output = '';
  /**
   * Addresses of the gRPC and the ops server, as `host:port`, and URL of the HTTP server. Each is
   * empty if the service has no such server.
   */
  grpc = '';
  http = '';
  admin: string | undefined;
  /** Exit code, or null if a signal ended it. All output has arrived by then. */
  readonly exited: Promise<number | null>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = new Promise((resolve) => child.once('close', resolve));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.#output += chunk;
      });
    }
  }

  /**
   * Starts a service on free ports of 127.0.0.1, unless `env` sets them, and waits until it
   * listens.
   * @param entry a module with a planted fault in the test folder of the service, to run instead of
   * the service itself
   * @throws {Error} with its output if it does not start
   */
  static start(service: ServiceName, env: Readonly<Record<string, string>>, entry?: string): Promise<ServiceProcess> {
    return ServiceProcess.run(entry === undefined ? bundleOf(service) : testModuleOf(service, entry), env);
  }

  /**
   * Does the same with the main module of a service, which may be that of another release.
   * @throws {Error} with its output if it does not start
   */
  static async run(main: string, env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(PARLEY_|NODE_OPTIONS|JEST_)/.test(name));
    const child = fork(main, [], {
      env: { ...allocatorSettings, ...Object.fromEntries(inherited), PARLEY_PORT: '0', PARLEY_ADMIN_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
    });
    const started = new ServiceProcess(child);
    await started.#listening();
    return started;
  }

  #listening(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${why}\n${this.#output}`));
      const timer = setTimeout(() => fail('The service did not start in time.'), startWithinMs);
      this.#child.on('message', ({ listens, failed }: ToSupervisor) => {
        clearTimeout(timer);
        if (listens === undefined) return fail(failed ?? 'The service failed to start.');
        this.grpc = listens.grpc ?? '';
        this.http = listens.http ?? '';
        this.admin = listens.admin;
        resolve();
      });
      this.#child.once('close', () => fail('The service exited before it listened.'));
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Output of the process so far. */
  get output(): string {
    return this.#output;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends SIGTERM, wakes a suspended process, and waits for the exit. */
  async stop(): Promise<void> {
    this.kill('SIGTERM');
    this.kill('SIGCONT'); // A test that has failed may have suspended it.
    await this.exited;
  }
}
