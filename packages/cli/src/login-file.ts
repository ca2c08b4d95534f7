import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isToken } from '@parley/client';
import { z } from 'zod';
import { exitCodes, Failure } from './failure.js';

const savedLogin = z.object({
  user_id: z.string(),
  name: z.string(),
  token: z.string().refine(isToken),
  user_service: z.string().optional(),
  manager: z.string().optional(),
  insecure: z.boolean().optional(),
});

/** Who is logged in, the token of that session, where it was opened, and whether that may be in plain text. */
export type SavedLogin = z.infer<typeof savedLogin>;

/** Where the login is kept unless `--login` says otherwise. */
export function defaultLoginPath(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'parley', 'login.json');
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** The saved login of this user of the machine: nobody else can read it. */
export class LoginFile {
  readonly #path: string;
  readonly #ownFolder: boolean;
  readonly #self: string;

  /** Without a path: the usual place, in a folder that is closed to others too. `self` is how to call the command again. */
  constructor(path: string | undefined, env: NodeJS.ProcessEnv, self = 'npx parley') {
    this.#self = self;
    this.#path = resolve(path ?? defaultLoginPath(env));
    this.#ownFolder = path === undefined;
  }

  /** Throws a Failure where nobody is logged in. */
  async read(): Promise<SavedLogin> {
    try {
      return savedLogin.parse(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') throw this.#nobody('nobody is logged in');
      if (codeOf(error) !== undefined) throw this.#nobody(`${this.#path} cannot be read (${codeOf(error)})`);
      throw this.#nobody(`${this.#path} is not a saved login`);
    }
  }

  /** Replaces what was saved. Throws a Failure where that cannot be. */
  async write(login: SavedLogin): Promise<void> {
    const draft = `${this.#path}.${process.pid}`;
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      if (this.#ownFolder) await chmod(dirname(this.#path), 0o700);
      await rm(draft, { force: true });
      await writeFile(draft, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
      await rename(draft, this.#path);
    } catch (error) {
      const advice = 'choose another file with --login';
      throw new Failure('login-file', exitCodes.usage, `${this.#path} cannot be written (${codeOf(error)}); ${advice}`);
    }
  }

  /** Forgets the login. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  #nobody(what: string): Failure {
    return new Failure('not-logged-in', exitCodes.notLoggedIn, `${what}; run \`${this.#self} login <user>\``);
  }
}
