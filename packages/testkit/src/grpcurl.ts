import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Program } from './program.js';

const run = promisify(execFile);
const seed = fileURLToPath(new URL('../../../../proto/seed', import.meta.url));

function bearing(token: string | undefined): string[] {
  return token === undefined ? [] : ['-H', `authorization: Bearer ${token}`];
}

/** grpcurl with one way to learn the contract and to name it. */
export class Grpcurl {
  readonly #options: readonly string[];
  readonly #prefix: string;

  /** `prefix` is written before the name of each service. */
  constructor(options: readonly string[], prefix: string) {
    this.#options = ['-plaintext', ...options];
    this.#prefix = prefix;
  }

  /** Whether there is one on the PATH. */
  static get isHere(): boolean {
    return spawnSync('grpcurl', ['-version']).status === 0;
  }

  /** By the seed's own proto file and names: it needs no reflection. */
  static ofSeed(): Grpcurl {
    return new Grpcurl(['-import-path', seed, '-proto', 'seed.proto'], '');
  }

  /**
   * One call; all that `grpcurl -v` says of it.
   * @throws {Error} with that, where it is refused.
   */
  async call(address: string, method: string, request: object, token?: string): Promise<string> {
    const said = ['-v', ...this.#options, ...bearing(token), '-d', JSON.stringify(request)];
    return run('grpcurl', [...said, address, this.#prefix + method]).then(
      ({ stdout }) => stdout,
      ({ stdout, stderr }: { stdout: string; stderr: string }) => Promise.reject(new Error(stdout + stderr)),
    );
  }

  /** Makes an account and logs in; the token. */
  async signUp(userService: string, userId: string): Promise<string> {
    const account = { user_id: userId, password: 'correct horse' };
    await this.call(userService, 'UserService/Register', { ...account, name: userId });
    return String(bodyOf(await this.call(userService, 'UserService/Login', account)).token);
  }

  /** A stream that says each line that is typed. */
  connect(address: string, token: string): Program {
    const said = [...this.#options, ...bearing(token), '-d', '@'];
    return new Program('grpcurl', [...said, address, `${this.#prefix}ChatService/Connect`]);
  }
}

/** A response header in what a call said. */
export function headerOf(output: string, key: string): string {
  return new RegExp(`^${key}: (.+)$`, 'm').exec(output)?.[1] ?? '';
}

/** The first message in what a call said. */
export function bodyOf(output: string): Record<string, unknown> {
  const body = /^Response contents:\n([\s\S]*?)\n\n/m.exec(output)?.[1];
  return JSON.parse(body ?? '{}') as Record<string, unknown>;
}
