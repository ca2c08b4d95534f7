import { bareHost, dialable, hostAndPort, isLoopback, readSettings, splitAddress } from '@parley/runtime';
import { type RedisConfig, readRedisConfig, secretOrFile } from '@parley/service-kit';
import { defaultGateway } from '../command-parts.js';
import type { SavedLogin } from '../login-file.js';
import { defaultData, type RunFacts, readRunFacts } from '../run-file.js';
import type { CommandSession, Reach } from '../session.js';

/** The options of `parley doctor`. */
export interface DoctorOptions {
  readonly gateway?: string;
  /** URL of the database, as its owner or as a service. */
  readonly database?: string;
  /** Data folder of a running `npm start`. */
  readonly data?: string;
  /** Seconds for which connections are left idle. */
  readonly idle: number;
  /** Seconds after which one step counts as failed. */
  readonly timeout: number;
}

/** Kind of a service that clients call directly. */
export type DialledService = 'user-service' | 'manager';
type EndpointKind = DialledService | 'gateway';

/** An address that accepts connections. */
export interface Endpoint<Kind extends EndpointKind = EndpointKind> {
  /** Kind of process that listens there. */
  readonly service: Kind;
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** The address as text. */
  readonly about: string;
}

/** Everything that the checks examine, and how. */
export interface Surroundings {
  /** URL of the gateway, or of the proxy in front of it. */
  readonly web: URL | undefined;
  /** The user-services and managers. */
  readonly services: readonly Endpoint<DialledService>[];
  /** Certificates of the authority to trust; undefined: those of Node. */
  readonly ca: Buffer | undefined;
  readonly login: SavedLogin | undefined;
  /** Whether a token may travel in plain text to another machine. */
  readonly isInsecure: boolean;
  readonly session: CommandSession;
  readonly database: string | undefined;
  /** URL of the database for LISTEN. */
  readonly listenUrl: string | undefined;
  /** Redis, if it carries the notifications. */
  readonly redis: RedisConfig | undefined;
  /** The running `npm start`, if there is one. */
  readonly run: RunFacts | undefined;
  /** Data folder; undefined if no `npm start` is examined. */
  readonly data: string | undefined;
  /** Whether the database is that of the data folder, and not of another system. */
  readonly isDatabaseOfData: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly idleMs: number;
  readonly timeoutMs: number;
}

/** Returns the endpoint of a URL. */
export function webEndpoint({ protocol, hostname, port }: URL): Endpoint {
  const isTls = protocol === 'https:';
  const host = bareHost(hostname);
  const number = Number(port || (isTls ? 443 : 80));
  return { service: 'gateway', host, port: number, isTls, about: `${protocol}//${hostname}:${number}` };
}

function endpointsOf<Kind extends DialledService>(service: Kind, addresses = '', isTls: boolean): Endpoint<Kind>[] {
  return addresses.split(',').flatMap((text) => {
    const about = text.trim();
    return about === '' ? [] : [{ service, ...splitAddress(about), isTls, about: `${service} ${about}` }];
  });
}

/** Returns every endpoint that is examined. */
export function endpointsIn({ web, services }: Surroundings): Endpoint[] {
  return [...(web === undefined ? [] : [webEndpoint(web)]), ...services];
}

function addressesIn({ services }: RunFacts, name: string): string {
  const named = services.filter((one) => one.name === name || one.name.startsWith(`${name}-`));
  return named.map(({ address }) => address).join(',');
}

/** Returns whether the processes of an `npm start` listen with TLS. Envoy may have TLS alone. */
function hasTls({ services }: RunFacts): boolean {
  return services.some(({ name, address }) => name.startsWith('gateway') && address.startsWith('https:'));
}

/** Returns the ports of a list of addresses on this machine. */
function localPorts(addresses: string): number[] {
  const known = addresses.split(',').map((one) => splitAddress(one.trim()));
  return known.filter(({ host }) => isLoopback(dialable(host))).map(({ port }) => port);
}

/** Returns whether addresses that the user gave belong to an `npm start`. */
function isSameSystem(run: RunFacts, { channelService, userService }: Partial<Reach>, gateway?: string): boolean {
  const ports = new Set([...run.services.map(({ address }) => address), run.page].map((one) => splitAddress(one).port));
  const given = [channelService, userService, gateway === undefined ? undefined : hostOf(gateway)];
  return given.every((one) => one === undefined || localPorts(one).some((port) => ports.has(port)));
}

function hostOf(gateway: string): string {
  const { host, port } = webEndpoint(new URL(gateway));
  return hostAndPort(host, port);
}

function urlIn(env: NodeJS.ProcessEnv, name: 'DATABASE_URL' | 'LISTEN_URL'): string | undefined {
  const file = `PARLEY_${name}_FILE`;
  try {
    return env[`PARLEY_${name}`] || secretOrFile(readSettings({ [file]: env[file] }), name);
  } catch {
    return undefined; // The check of the settings reports it.
  }
}

function redisIn({ PARLEY_REDIS_URL, PARLEY_REDIS_URL_FILE, PARLEY_REDIS_PREFIX }: NodeJS.ProcessEnv) {
  try {
    return readRedisConfig(readSettings({ PARLEY_REDIS_URL, PARLEY_REDIS_URL_FILE, PARLEY_REDIS_PREFIX }));
  } catch {
    return undefined; // The check of the settings reports it.
  }
}

/** Returns the `npm start` that the options mean; undefined if they mean another system. */
async function runFor(
  { data, gateway }: DoctorOptions,
  reach: Partial<Reach>,
  usualData: string,
): Promise<RunFacts | undefined> {
  const run = await readRunFacts(data ?? usualData).catch(() => undefined);
  if (run === undefined || data !== undefined) return run;
  return isSameSystem(run, reach, gateway) ? run : undefined;
}

/** Finds what to examine: from the options, else from the stored login, else from the running `npm start`. */
export async function surroundingsOf(
  session: CommandSession,
  options: DoctorOptions,
  env: NodeJS.ProcessEnv = process.env,
  usualData = defaultData,
): Promise<Surroundings> {
  const login = await session.login().catch(() => undefined);
  const reach = session.reach(login);
  const run = await runFor(options, reach, usualData);
  const isNothingGiven =
    run === undefined && reach.channelService === undefined && reach.userService === undefined && !options.gateway;
  const usual = isNothingGiven ? session.addresses() : undefined;
  const users = reach.userService ?? (run && addressesIn(run, 'user-service')) ?? usual?.userService;
  const managers = reach.channelService ?? (run && addressesIn(run, 'channel-service')) ?? usual?.channelService;
  const gateway = options.gateway ?? run?.page ?? (isNothingGiven ? defaultGateway : undefined);
  const database = options.database ?? urlIn(env, 'DATABASE_URL') ?? run?.database;
  const isTls = reach.tls === true || (run !== undefined && hasTls(run));
  return {
    web: gateway === undefined ? undefined : new URL(dialableUrl(gateway)),
    services: [...endpointsOf('user-service', users, isTls), ...endpointsOf('manager', managers, isTls)],
    ca: reach.ca,
    login,
    isInsecure: reach.isInsecure,
    session,
    database,
    listenUrl: urlIn(env, 'LISTEN_URL') ?? database,
    redis: redisIn(env) ?? run?.redis,
    run,
    data: run !== undefined || options.data !== undefined ? (options.data ?? usualData) : undefined,
    isDatabaseOfData: options.data !== undefined || run?.database === database,
    env,
    idleMs: options.idle * 1_000,
    timeoutMs: options.timeout * 1_000,
  };
}

function dialableUrl(text: string): string {
  const url = new URL(text);
  const { host, port } = webEndpoint(url);
  url.host = hostAndPort(dialable(host), port);
  return url.href;
}

/** Returns the token of the login if it may travel to an endpoint: with TLS, or to this machine. */
export function tokenFor({ login, isInsecure }: Surroundings, { isTls, host }: Endpoint): string | undefined {
  return isTls || isInsecure || isLoopback(host) ? login?.token : undefined;
}
