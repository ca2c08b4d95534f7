import { readFileSync } from 'node:fs';
import type { Channel } from '@parley/contract';
import { refuse } from '@parley/runtime';
import { type Administration, administration, grpcTransport, type Security } from '../node/index.js';
import { createClient, type ParleyClient } from '../parley-client.js';
import { usage } from './failure.js';
import { LoginFile, type SavedLogin } from './login-file.js';
import { plainLine, plainValue } from './plain-text.js';

/** The options of every command. */
export interface GlobalOptions {
  readonly userService: string;
  readonly manager: string;
  readonly json?: true;
  readonly login?: string;
  readonly tls?: true;
  readonly ca?: string;
}

function readAuthorities(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw usage(`--ca: ${path} cannot be read`);
  }
}

/** What a command works with. */
export class Session {
  readonly json: boolean;
  readonly #options: GlobalOptions;
  readonly #logins: LoginFile;

  constructor(options: GlobalOptions) {
    this.json = options.json === true;
    this.#options = options;
    this.#logins = new LoginFile(options.login, process.env);
  }

  get logins(): LoginFile {
    return this.#logins;
  }

  /** How to call this command again with the same saved login. */
  get self(): string {
    const { login } = this.#options;
    return login === undefined ? 'npx parley' : `npx parley --login ${plainLine(login)}`;
  }

  /** A client of that session, or of nobody. Throws a Failure where `--ca` names no file. */
  client(token?: string): ParleyClient {
    const { userService, manager } = this.#options;
    const addresses = { userService, channelService: manager };
    return createClient({
      transport: grpcTransport({ ...addresses, ...this.#security }),
      ...(token !== undefined && { token }),
    });
  }

  /** The administrators' door, for who is logged in. Throws a Failure where nobody is. */
  async administration(): Promise<Administration> {
    const { token } = await this.login();
    return administration({ channelService: this.#options.manager, token, ...this.#security });
  }

  get #security(): Security {
    const { ca, tls } = this.#options;
    return ca === undefined ? { tls: tls === true } : { tls: true, ca: readAuthorities(ca) };
  }

  /** A client of who is logged in. Throws a Failure where nobody is. */
  async loggedIn(): Promise<ParleyClient> {
    return this.client((await this.login()).token);
  }

  /** Throws a Failure where nobody is logged in. */
  login(): Promise<SavedLogin> {
    return this.#logins.read();
  }

  /** The answer of a command: words for people, or one value for programs. */
  print(words: string, value: unknown): void {
    process.stdout.write(this.json ? `${JSON.stringify(plainValue(value))}\n` : `${words.trimEnd()}\n`);
  }
}

/** The channel that a person means: its id, or its exact name. Throws a Refusal or a Failure. */
export async function findChannel(client: ParleyClient, wanted: string): Promise<Channel> {
  return pickChannel(await client.channels(), wanted);
}

/** The channel of that id, else the only one of that name. Throws a Refusal or a Failure. */
export function pickChannel(channels: readonly Channel[], wanted: string): Channel {
  const byId = channels.find(({ id }) => String(id) === wanted);
  if (byId !== undefined) return byId;
  const [named, ...others] = channels.filter(({ name }) => name === wanted);
  if (named === undefined) throw refuse('channel-not-found', { words: `there is no channel ${plainLine(wanted)}` });
  if (others.length === 0) return named;
  const ids = [named, ...others].map(({ id }) => id).join(', ');
  throw usage(`several channels have that name: give an id (${ids})`);
}
