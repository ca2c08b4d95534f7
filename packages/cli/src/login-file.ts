import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { isToken } from '@parley/client';
import * as z from 'zod';
import { errorCode, exitCodes, Failure } from './failure.js';

const savedLogin = z.object({
  user_id: z.string(),
  name: z.string(),
  token: z.string().refine(isToken),
  user_service: z.string().optional(),
  manager: z.string().optional(),
  insecure: z.boolean().optional(),
  tls: z.boolean().optional(),
  ca: z.string().optional(),
});

/**
 * A stored login: the user, the session token, the addresses of the services, and how
 * their connections are secured.
 */
export type SavedLogin = z.infer<typeof savedLogin>;

/** Returns the path of the login file if `--login` is not given. */
function defaultLoginPath(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'parley', 'login.json');
}

/** The login file, which only its owner can read. */
export class LoginFile {
  readonly #path: string;
  readonly #ownFolder: boolean;
  readonly #self: string;

  /**
   * Opens a login file. Without `path`, uses the default file, and also makes its folder private.
   * `self` is the command that error texts suggest.
   */
  constructor(path: string | undefined, env: NodeJS.ProcessEnv, self = 'npx parley') {
    this.#self = self;
    this.#path = resolve(path ?? defaultLoginPath(env));
    this.#ownFolder = path === undefined;
  }

  /**
   * Name of the file in parentheses, if it is not the default file. Tells the logins of one machine
   * apart.
   */
  get label(): string {
    return this.#ownFolder ? '' : ` (${basename(this.#path)})`;
  }

  /**
   * Reads the stored login.
   * @throws {Failure} `not-logged-in` if there is none or it cannot be read
   */
  async read(): Promise<SavedLogin> {
    try {
      return savedLogin.parse(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') throw this.#notLoggedIn('You are not logged in.');
      if (errorCode(error) !== '') throw this.#notLoggedIn(`${this.#path} cannot be read (${errorCode(error)}).`);
      throw this.#notLoggedIn(`${this.#path} is not a saved login.`);
    }
  }

  /**
   * Replaces the stored login.
   * @throws {Failure} if the file cannot be written
   */
  async write(login: SavedLogin): Promise<void> {
    const draft = `${this.#path}.${process.pid}`;
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      if (this.#ownFolder) await chmod(dirname(this.#path), 0o700);
      await rm(draft, { force: true });
      await writeFile(draft, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
      await rename(draft, this.#path);
    } catch (error) {
      const advice = 'Choose another file with --login.';
      throw new Failure(
        'login-file',
        exitCodes.usage,
        `${this.#path} cannot be written (${errorCode(error)}). ${advice}`,
      );
    }
  }

  /** Deletes the login file. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  #notLoggedIn(problem: string): Failure {
    return new Failure('not-logged-in', exitCodes.notLoggedIn, `${problem} Run \`${this.#self} login <user>\`.`);
  }
}
