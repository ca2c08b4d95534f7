import { createClient, type ParleyClient } from '@parley/client';
import { type Administration, administration, grpcTransport } from '@parley/client/node';
import { shellWord } from '@parley/runtime';
import { type Advised, usage } from './failure.js';
import { LoginFile, type SavedLogin } from './login-file.js';
import { output } from './output.js';
import { terminalLine } from './plain-text.js';
import { openAddress, type SecurityOptions, securityOf } from './services.js';

/** The options of every command. */
export interface GlobalOptions extends SecurityOptions {
  /** Undefined: where the login was made, else where `npm start` has them. */
  readonly userService?: string;
  readonly manager?: string;
  readonly json?: true;
  readonly login?: string;
}

interface Addresses {
  readonly userService: string;
  readonly channelService: string;
}

export const defaultAddresses: Addresses = { userService: '127.0.0.1:50051', channelService: '127.0.0.1:50052' };

/** What a command works with. */
export class CommandSession {
  readonly json: boolean;
  readonly #options: GlobalOptions;
  readonly #logins: LoginFile;

  constructor(options: GlobalOptions) {
    this.json = options.json === true;
    this.#options = options;
    this.#logins = new LoginFile(options.login, process.env, this.self);
  }

  get logins(): LoginFile {
    return this.#logins;
  }

  /** How to call this command again, with the same saved login and at the same place. */
  get self(): string {
    return this.#call(this.#options);
  }

  /** The same for who is logged in: a new login has to be told where the old one was made. */
  async advised(): Promise<Advised> {
    const saved = await this.#logins.read().catch(() => undefined);
    if (saved === undefined) return { self: this.self, user: '<user>' };
    const { userService, channelService } = this.addresses(saved);
    const self = this.#call({
      ...this.#options,
      ...(userService !== defaultAddresses.userService && { userService }),
      ...(channelService !== defaultAddresses.channelService && { manager: channelService }),
      ...(saved.insecure === true && { insecure: true }),
    });
    return { self, user: shellWord(terminalLine(saved.user_id)) };
  }

  #call({ login, userService, manager, ca, tls, insecure }: GlobalOptions): string {
    const options = { '--login': login, '--user-service': userService, '--manager': manager, '--ca': ca };
    const given = Object.entries(options).flatMap(([name, value]) =>
      value === undefined ? [] : [name, shellWord(terminalLine(value))],
    );
    const flags = [...(tls === true ? ['--tls'] : []), ...(insecure === true ? ['--insecure'] : [])];
    return ['npx parley', ...given, ...flags].join(' ');
  }

  /** Where the services are: as asked for, else as of that login. */
  addresses(saved?: SavedLogin): Addresses {
    const { userService = saved?.user_service, manager = saved?.manager } = this.#options;
    return {
      userService: userService ?? defaultAddresses.userService,
      channelService: manager ?? defaultAddresses.channelService,
    };
  }

  /** A client of that login, or of nobody. Throws a Failure where `--ca` names no file, or others could read what is sent. */
  client(saved?: SavedLogin): ParleyClient {
    const where = this.addresses(saved);
    this.#refuseOpen(Object.values(where), saved);
    const onPlainStream = (addr: string) =>
      output.complain(`parley: warning: the chat server at ${terminalLine(addr)} is reached without TLS: ${tlsAdvice}`);
    return createClient({
      transport: grpcTransport({ ...where, ...securityOf(this.#options), onPlainStream }),
      ...(saved !== undefined && { token: saved.token }),
    });
  }

  /** The administrators' door, for who is logged in. Throws a Failure where nobody is. */
  async administration(): Promise<Administration> {
    const saved = await this.login();
    const { channelService } = this.addresses(saved);
    this.#refuseOpen([channelService], saved);
    return administration({ channelService, token: saved.token, ...securityOf(this.#options) });
  }

  /** What a login by these options remembers of them. */
  get remembered(): Pick<SavedLogin, 'insecure'> {
    return this.#options.insecure === true ? { insecure: true } : {};
  }

  #refuseOpen(addresses: readonly string[], saved: SavedLogin | undefined): void {
    if (saved?.insecure === true) return;
    const open = openAddress(this.#options, addresses);
    if (open === undefined) return;
    const words = `passwords and tokens would travel to ${terminalLine(open)} in plain text`;
    throw usage(`${words}: give --tls or --ca FILE, or --insecure where nobody can listen on the way`);
  }

  /** A client of who is logged in. Throws a Failure where nobody is. */
  async loggedIn(): Promise<ParleyClient> {
    return this.client(await this.login());
  }

  /** Throws a Failure where nobody is logged in. */
  login(): Promise<SavedLogin> {
    return this.#logins.read();
  }

  /** The answer of a command: words for people, or one value for programs. */
  print(words: string, value: unknown): void {
    if (this.json) output.tell(value);
    else output.say(words);
  }
}

const tlsAdvice =
  'what is said can be read on the way (if a proxy in front of it speaks TLS, set PARLEY_ADDR_TLS=on there)';
