import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Program } from './program.js';

const run = promisify(execFile);
const seed = fileURLToPath(new URL('../../../../proto/seed', import.meta.url));

function authorization(token: string | undefined): string[] {
  return token === undefined ? [] : ['-H', `authorization: Bearer ${token}`];
}

/** Runs grpcurl. Its options say where grpcurl reads the contract and how it names the services. */
export class Grpcurl {
  readonly #options: readonly string[];
  readonly #prefix: string;

  /** Creates a runner. `prefix` precedes the name of each service. */
  constructor(options: readonly string[], prefix: string) {
    this.#options = ['-plaintext', ...options];
    this.#prefix = prefix;
  }

  /** Returns whether grpcurl is on the PATH. */
  static get isHere(): boolean {
    return spawnSync('grpcurl', ['-version']).status === 0;
  }

  /** Returns a grpcurl that uses the original proto file and names, without reflection. */
  static ofOriginal(): Grpcurl {
    return new Grpcurl(['-import-path', seed, '-proto', 'seed.proto'], '');
  }

  /**
   * Makes one call. Returns the output of `grpcurl -v`.
   * @throws {Error} with that output if the call is refused
   */
  async call(address: string, method: string, request: object, token?: string): Promise<string> {
    const args = ['-v', ...this.#options, ...authorization(token), '-d', JSON.stringify(request)];
    return run('grpcurl', [...args, address, this.#prefix + method]).then(
      ({ stdout }) => stdout,
      ({ stdout, stderr }: { stdout: string; stderr: string }) => Promise.reject(new Error(stdout + stderr)),
    );
  }

  /** Creates an account and logs in. Returns the token. */
  async signUp(userService: string, userId: string): Promise<string> {
    const account = { user_id: userId, password: 'correct horse' };
    await this.call(userService, 'UserService/Register', { ...account, name: userId });
    return String(bodyOf(await this.call(userService, 'UserService/Login', account)).token);
  }

  /** Opens a stream that sends each typed line. */
  connect(address: string, token: string): Program {
    const args = [...this.#options, ...authorization(token), '-d', '@'];
    return new Program('grpcurl', [...args, address, `${this.#prefix}ChatService/Connect`]);
  }
}

/** Returns a response header from the output of a call. */
export function headerOf(output: string, key: string): string {
  return new RegExp(`^${key}: (.+)$`, 'm').exec(output)?.[1] ?? '';
}

/** Returns the first message from the output of a call. */
export function bodyOf(output: string): Record<string, unknown> {
  const body = /^Response contents:\n([\s\S]*?)\n\n/m.exec(output)?.[1];
  return JSON.parse(body ?? '{}') as Record<string, unknown>;
}
