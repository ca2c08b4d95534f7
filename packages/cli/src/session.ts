import { resolve } from 'node:path';
import { createClient, type ParleyClient } from '@parley/client';
import { UserFiles } from '@parley/client/files';
import { type Administration, administration, grpcTransport, type Security } from '@parley/client/node';
import { shellWord } from '@parley/runtime';
import { type Advised, usage } from './failure.js';
import { LoginFile, type SavedLogin } from './login-file.js';
import { output } from './output.js';
import { terminalLine } from './plain-text.js';
import { dataOptionFor } from './run-file.js';
import { openAddress, type SecurityOptions, securityOf } from './services.js';

/** The global options. */
export interface GlobalOptions extends SecurityOptions {
  /**
   * Addresses of the user-services. Default: the addresses that the login stores, or else the
   * default address of `npm start`.
   */
  readonly userService?: string;
  readonly manager?: string;
  readonly json?: true;
  readonly login?: string;
}

interface Addresses {
  readonly userService: string;
  readonly channelService: string;
}

/** Addresses of an `npm start` without options. */
export const defaultAddresses: Addresses = { userService: '127.0.0.1:50051', channelService: '127.0.0.1:50052' };

function storedAddresses({ user_service, manager }: SavedLogin): Partial<Addresses> {
  return {
    ...(user_service !== undefined && { userService: user_service }),
    ...(manager !== undefined && { channelService: manager }),
  };
}

/** How a user reaches the services, as far as the options or the login say. */
export interface Reach extends Partial<Addresses>, Security {
  /** Whether tokens may travel to other machines in plain text. */
  readonly isInsecure: boolean;
}

/** Everything a command needs: options, stored login, clients and output. */
export class CommandSession {
  readonly json: boolean;
  readonly #options: GlobalOptions;
  readonly #logins: LoginFile;
  /** User whom the command concerns, if that is not the logged-in user. */
  subject: string | undefined;

  constructor(options: GlobalOptions) {
    this.json = options.json === true;
    this.#options = options;
    this.#logins = new LoginFile(options.login, process.env, this.self);
  }

  /** Certificates of the authority that the options name, or undefined. */
  get authorities(): Buffer | undefined {
    return securityOf(this.#options).ca;
  }

  get logins(): LoginFile {
    return this.#logins;
  }

  /**
   * Beginning of a command line with the same login file and addresses, for a user who is not
   * logged in.
   */
  get self(): string {
    return this.#call(this.#options.insecure === true, this.addresses(), defaultAddresses);
  }

  /**
   * Returns the parts of the commands that an error may suggest. Only `toLogIn` names the stored
   * addresses.
   */
  async advised(): Promise<Advised> {
    const saved = await this.#logins.read().catch(() => undefined);
    const addresses = this.addresses(saved);
    const data = await dataOptionFor(addresses.channelService);
    if (saved === undefined) return { self: this.self, toLogIn: this.self, user: this.#userOr('<user>'), data };
    const stored = { ...defaultAddresses, ...storedAddresses(saved) };
    const isInsecure = this.#options.insecure === true;
    return {
      self: this.#call(isInsecure && saved.insecure !== true, addresses, stored),
      toLogIn: this.#call(isInsecure || saved.insecure === true, addresses, defaultAddresses),
      user: this.#userOr(shellWord(terminalLine(saved.user_id))),
      data,
    };
  }

  #userOr(other: string): string {
    return this.subject === undefined ? other : shellWord(terminalLine(this.subject));
  }

  /**
   * Returns the beginning of a command line. It names an address only if it differs from `known`.
   */
  #call(isInsecure: boolean, { userService, channelService }: Addresses, known: Addresses): string {
    const { login, ca, tls } = this.#options;
    const options = {
      '--login': login,
      '--user-service': userService === known.userService ? undefined : userService,
      '--manager': channelService === known.channelService ? undefined : channelService,
      '--ca': ca,
    };
    const given = Object.entries(options).flatMap(([name, value]) =>
      value === undefined ? [] : [name, shellWord(terminalLine(value))],
    );
    const flags = [...(tls === true ? ['--tls'] : []), ...(isInsecure ? ['--insecure'] : [])];
    return ['npx parley', ...given, ...flags].join(' ');
  }

  /**
   * Returns the addresses of the services from the options, or else from the login, or else the
   * default addresses.
   */
  addresses(saved?: SavedLogin): Addresses {
    const { userService = saved?.user_service, manager = saved?.manager } = this.#options;
    return {
      userService: userService ?? defaultAddresses.userService,
      channelService: manager ?? defaultAddresses.channelService,
    };
  }

  /**
   * Returns a client for a login. Without a login, the client has no session.
   * @throws {Failure} if the file of `--ca` cannot be read, or the connection would be in plain
   * text
   */
  client(saved?: SavedLogin): ParleyClient {
    const where = this.addresses(saved);
    this.#refusePlainText(Object.values(where), saved);
    const onPlainStream = (addr: string) =>
      output.complain(`parley: warning: chat server ${terminalLine(addr)} is reached without TLS; ${tlsAdvice}`);
    return createClient({
      transport: grpcTransport({ ...where, ...securityOf(this.#security(saved)), onPlainStream }),
      ...(saved !== undefined && { token: saved.token }),
    });
  }

  /**
   * Returns the operator's calls for the logged-in user.
   * @throws {Failure} if nobody is logged in
   */
  async administration(): Promise<Administration> {
    const saved = await this.login();
    const { channelService } = this.addresses(saved);
    this.#refusePlainText([channelService], saved);
    return administration({ channelService, token: saved.token, ...securityOf(this.#security(saved)) });
  }

  /**
   * Returns how the options, or else a login, reach the services. Has no default addresses.
   * @throws {Failure} if the file of `--ca` cannot be read
   */
  reach(saved?: SavedLogin): Reach {
    const { userService, manager, insecure = saved?.insecure } = this.#options;
    const given = { ...(userService && { userService }), ...(manager && { channelService: manager }) };
    const stored = saved === undefined ? {} : storedAddresses(saved);
    return { ...stored, ...given, ...securityOf(this.#security(saved)), isInsecure: insecure === true };
  }

  /** The options that a login stores. */
  get remembered(): Pick<SavedLogin, 'insecure' | 'tls' | 'ca'> {
    const { insecure, tls, ca } = this.#options;
    return {
      ...(insecure === true && { insecure }),
      ...(tls === true && { tls }),
      ...(ca !== undefined && { ca: resolve(ca) }),
    };
  }

  /** Returns the security of connections from the options, or else from the login. */
  #security(saved: SavedLogin | undefined): SecurityOptions {
    const { tls, ca, insecure } = this.#options;
    if (tls !== undefined || ca !== undefined || insecure !== undefined) return this.#options;
    return {
      ...(saved?.tls === true && { tls: true }),
      ...(saved?.ca !== undefined && { ca: saved.ca }),
    };
  }

  #refusePlainText(addresses: readonly string[], saved: SavedLogin | undefined): void {
    if (saved?.insecure === true) return;
    const open = openAddress(this.#security(saved), addresses);
    if (open === undefined) return;
    const words = `Passwords and tokens would travel to ${terminalLine(open)} in plain text`;
    throw usage(`${words}. Give --tls or --ca FILE. If nobody can intercept the connection, give --insecure instead.`);
  }

  /**
   * Returns a client for the logged-in user.
   * @throws {Failure} if nobody is logged in
   */
  async loggedIn(): Promise<ParleyClient> {
    return this.client(await this.login());
  }

  /**
   * Returns the files of the logged-in user at a gateway.
   * @throws {Failure} if nobody is logged in, or the token would travel in plain text
   */
  async files(gateway: string): Promise<UserFiles> {
    const saved = await this.login();
    const { protocol, hostname, port } = new URL(gateway);
    const isPlain = protocol === 'http:';
    const { insecure = saved.insecure } = this.#options;
    const open = isPlain && insecure !== true ? openAddress({}, [`${hostname}:${port || 80}`]) : undefined;
    if (open !== undefined)
      throw usage(`Your token would travel to ${terminalLine(open)} in plain text. Give an https URL with --gateway.`);
    const ca = this.#security(saved).ca;
    if (!isPlain && ca !== undefined && process.env.NODE_EXTRA_CA_CERTS === undefined)
      throw usage(
        `Files need the authority in the environment: set NODE_EXTRA_CA_CERTS=${shellWord(terminalLine(ca))}.`,
      );
    return new UserFiles({ origin: gateway, token: () => saved.token });
  }

  /**
   * Returns the stored login.
   * @throws {Failure} if there is none
   */
  login(): Promise<SavedLogin> {
    return this.#logins.read();
  }

  /** Prints the result of a command: text for people, or one JSON value. */
  print(words: string, value: unknown): void {
    if (this.json) output.tell(value);
    else output.say(words);
  }
}

const tlsAdvice =
  'others on the network can read the messages (if a TLS proxy is in front of it, set PARLEY_ADDR_TLS=on there)';
