import { z } from 'zod';
import { limits } from './limits.js';
import { serviceLinks } from './service-links.js';

const port = z.coerce.number().int().min(0).max(65_535);
const onOff = z.enum(['on', 'off']).transform((word) => word === 'on');
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
/** Exactly as browsers send them: no path, no wildcard. */
const origin = z
  .string()
  .refine(
    (text) => URL.canParse(text) && new URL(text).origin === text,
    'expected origins like https://chat.example.org',
  );
const address = z.string().regex(/^[^\s:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, 'expected host:port');
const quota = z.coerce.number().int().min(0).max(1_000_000_000);
const positive = z.coerce.number().int().positive();

interface Row<S extends z.ZodType> {
  readonly schema: S;
  /** As it would be written in the environment; absent: not set. */
  readonly fallback?: string;
  readonly unit: string;
  readonly secret?: boolean;
  readonly doc: string;
}

function setting<S extends z.ZodType>(schema: S, unit: string, doc: string, fallback?: string): Row<S> {
  return fallback === undefined ? { schema, unit, doc } : { schema, unit, doc, fallback };
}

/** Every setting of every process; the environment name is `PARLEY_` and the key. */
export const settingsTable = {
  DATABASE_URL: {
    ...setting(
      z.url({ protocol: /^postgres(ql)?$/ }).optional(),
      'URL',
      'PostgreSQL 15 or later, with the role of this service',
    ),
    secret: true,
  },
  DATABASE_URL_FILE: setting(z.string().optional(), 'file', 'holds DATABASE_URL, where that is not set itself'),
  DATABASE_CONNECTIONS: setting(positive.max(100), 'connections', 'size of the pool of this process', '5'),
  HOST: setting(z.string().min(1), 'address', 'where this process listens', '127.0.0.1'),
  PORT: setting(
    port.optional(),
    'port',
    'its port; 50051 user-service, 50052 channel-service, 50053 chat-service, 8080 gateway',
  ),
  ADMIN_PORT: setting(port.optional(), 'port', '/healthz /readyz /metrics; default: the port + 1000; 0 = off'),
  INSECURE: setting(onOff, 'on/off', 'listen without TLS on an address that others can reach', 'off'),
  TLS_CERT: setting(z.string().optional(), 'file', 'PEM certificate of this process'),
  TLS_KEY: setting(z.string().optional(), 'file', 'PEM key of this process'),
  TLS_CA: setting(
    z.string().optional(),
    'file',
    'PEM authority that service-to-service calls trust; unset: they use no TLS',
  ),
  PROXIES: setting(
    list,
    'CIDR',
    'services: where the gateway and Envoy are, gateway: where your own proxy is; the last address of their x-forwarded-for is the caller, and their connections are never closed for the refusals of one caller; unset: nobody is believed',
    '',
  ),
  LOG_LEVEL: setting(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    'level',
    'least level that is logged',
    'info',
  ),
  LOG_FORMAT: setting(z.enum(['json', 'text']), 'format', 'json for machines, text for people', 'json'),
  REFLECTION: setting(
    onOff.optional(),
    'on/off',
    'serve gRPC reflection; default: on where only this machine reaches HOST',
  ),
  STOP_SECONDS: setting(positive.max(600), 's', 'how long a stopping process waits before it forces the end', '8'),
  PASSWORD_SCHEME: setting(
    z.enum(['bcrypt', 'argon2id']),
    'scheme',
    'user-service: how new passwords are hashed',
    'bcrypt',
  ),
  BCRYPT_COST: setting(
    z.coerce.number().int().min(4).max(15),
    'log2 rounds',
    'user-service: cost of a bcrypt hash',
    '10',
  ),
  FIRST_ADMIN: setting(
    z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
      .optional(),
    'user id',
    'npm start: makes this account, an administrator, where there is none yet; its password is left in the data folder',
  ),
  SERVER_HOSTS: setting(
    list,
    'patterns',
    'channel-service: hosts a chat server may report as addr; * stands for one label',
    'localhost,127.0.0.1,::1',
  ),
  SERVER_NETWORKS: setting(
    list,
    'CIDR',
    'channel-service: networks a chat server may report as internal_addr',
    '127.0.0.0/8,::1/128',
  ),
  SERVER_PORTS: setting(
    z.string().regex(/^\d+-\d+$/),
    'from-to',
    'channel-service: ports a chat server may report',
    '1024-65535',
  ),
  ARCHIVE_DIR: setting(
    z.string().optional(),
    'folder',
    'channel-service: where entries are written, as JSON lines, before retention deletes them; unset: nowhere',
  ),
  LISTED_DAYS: setting(
    positive.max(36_500),
    'days',
    'channel-service: rooms and public chats that nobody used for so long are not listed any more; they can still be found by name',
    '30',
  ),
  NAME: setting(z.string().min(1).max(64).optional(), 'label', 'chat-service: its name in lists'),
  ADDR: setting(address.optional(), 'host:port', 'chat-service: what clients dial'),
  ADDR_TLS: setting(
    onOff.optional(),
    'on/off',
    'chat-service: clients dial ADDR with TLS, because a proxy in front of it speaks TLS; default: on where TLS_CERT is set',
  ),
  INTERNAL_ADDR: setting(address.optional(), 'ip:port', 'chat-service: what the manager dials'),
  MANAGERS: setting(
    list,
    'host:port,...',
    'chat-service, gateway and `parley`: the managers; any of them will do',
    '127.0.0.1:50052',
  ),
  USER_SERVICES: setting(list, 'host:port,...', 'gateway: the user-services to call', '127.0.0.1:50051'),
  ORIGINS: setting(
    list.pipe(z.array(origin)),
    'origins',
    'gateway: pages of other origins that may call it, such as https://chat.example.org; its own page always may',
    '',
  ),
  WEB_DIR: setting(z.string().optional(), 'folder', 'gateway: the built page; default: packages/web/dist/page'),
  MESSAGE_BYTES: setting(
    positive.max(limits.messageBytes),
    'bytes',
    'chat-service: the largest message data',
    String(limits.messageBytes),
  ),
  SENDER_RATE: setting(
    positive.max(1_000_000),
    'messages/s',
    'chat-service: of one sender in one channel; the bound in bytes/s grows and shrinks with it',
    String(limits.senderMessagesPerSecond),
  ),
  CHANNEL_RATE: setting(
    positive.max(1_000_000),
    'messages/s',
    'chat-service: of one channel; the bound in bytes/s grows and shrinks with it',
    String(limits.channelMessagesPerSecond),
  ),
  CHANNEL_MEGABYTES: setting(quota, 'MiB', 'chat-service: what one channel may store; 0: no bound', '1024'),
  CHANNEL_ROWS: setting(
    quota,
    'entries',
    'chat-service: messages, edits, reactions and so on that one channel may store; 0: no bound',
    '5000000',
  ),
  USER_MEGABYTES: setting(quota, 'MiB', 'chat-service: what one user may store in all channels; 0: no bound', '512'),
  USER_ROWS: setting(
    quota,
    'entries',
    'chat-service: messages, edits, reactions and so on that one user may store in all channels; 0: no bound',
    '1000000',
  ),
} as const satisfies Record<string, Row<z.ZodType>>;

export type SettingName = keyof typeof settingsTable;
export type Settings = { readonly [K in SettingName]: z.infer<(typeof settingsTable)[K]['schema']> };

const prefix = 'PARLEY_';

/** All problems of the environment at once, one line each, by variable name. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Which variables only look like settings: Kubernetes makes them for a Service called `parley...`. */
export function ignoredNames(env: NodeJS.ProcessEnv): string[] {
  return serviceLinks(env, prefix);
}

function withoutLinks(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const links = new Set(ignoredNames(env));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !links.has(name)));
}

/** A sentence for each variable that looks like a setting and is none. */
export function unknownNames(environment: NodeJS.ProcessEnv): string[] {
  return Object.keys(withoutLinks(environment))
    .filter((name) => name.startsWith(prefix) && !Object.hasOwn(settingsTable, name.slice(prefix.length)))
    .map((name) => `${name} is not a setting; \`npx parley config\` lists them`);
}

/**
 * Reads every `PARLEY_*` variable. An empty value counts as not set, and so does a service link of Kubernetes.
 * @throws {SettingsError} naming each unknown name and each value that does not fit.
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const env = withoutLinks(environment);
  const problems = unknownNames(env);
  const read = Object.entries(settingsTable).map(([key, row]: [string, Row<z.ZodType>]) => {
    const result = row.schema.safeParse(env[prefix + key] || row.fallback);
    if (!result.success) problems.push(`${prefix}${key} (${row.unit}): ${result.error.issues[0]?.message}`);
    return [key, result.data];
  });
  if (problems.length > 0) throw new SettingsError(problems.join('\n'));
  return Object.fromEntries(read) as Settings;
}

/** One row of `parley config`: the value in force, masked where it is secret. */
export interface SettingRow {
  readonly name: string;
  readonly unit: string;
  readonly fallback: string;
  readonly value: string;
  readonly doc: string;
}

/** The whole table with the values that `env` gives, for people to read. */
export function describeSettings(environment: NodeJS.ProcessEnv): SettingRow[] {
  const env = withoutLinks(environment);
  return Object.entries(settingsTable).map(([key, row]: [string, Row<z.ZodType>]) => {
    const fallback = row.fallback ?? '';
    const given = env[prefix + key] || fallback;
    const value = row.secret === true && given !== '' ? '(secret)' : given;
    return { name: prefix + key, unit: row.unit, fallback, value, doc: row.doc };
  });
}
