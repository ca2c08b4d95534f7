import { spawnSync } from 'node:child_process';
import { Program } from './program.js';
import { lastingPort } from './started.js';

/** Options of `RedisServer.start`. */
export interface RedisServerOptions {
  /** Lines of its configuration, such as `requirepass secret`. */
  readonly config?: readonly string[];
  /** PEM files, if it uses TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** A real `redis-server` on 127.0.0.1, which stores nothing. */
export class RedisServer {
  /** Whether `redis-server` is installed. */
  static readonly isInstalled = spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;

  readonly port: string;
  readonly #args: readonly string[];
  #program: Program;

  private constructor(port: string, args: readonly string[]) {
    this.port = port;
    this.#args = args;
    this.#program = this.#run();
  }

  /** Starts a server, and waits until it accepts connections. */
  static async start({ config = [], tls }: RedisServerOptions = {}): Promise<RedisServer> {
    const port = await lastingPort();
    const ports =
      tls === undefined
        ? ['--port', port]
        : ['--port', '0', '--tls-port', port, '--tls-cert-file', tls.certificate, '--tls-key-file', tls.key];
    const options = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--tls-auth-clients', 'no'];
    const server = new RedisServer(port, [...ports, ...options, ...config.flatMap((line) => `--${line}`.split(' '))]);
    await server.#isReady();
    return server;
  }

  /** Kills the server with SIGKILL. */
  async kill(): Promise<void> {
    this.#program.child.kill('SIGKILL');
    await this.#program.exited;
  }

  /** Starts the server again on the same port. */
  async restart(): Promise<void> {
    this.#program = this.#run();
    await this.#isReady();
  }

  #run(): Program {
    return new Program('redis-server', this.#args);
  }

  #isReady(): Promise<void> {
    return this.#program.says('Ready to accept connections');
  }
}
