import * as z from 'zod';
import { limits } from './limits.js';

const port = z.coerce.number().int().min(0).max(65_535);
const onOff = z.enum(['on', 'off']).transform((word) => word === 'on');
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const isHost = (text: string) => /^[^/@?#\s]+$/.test(text) && URL.canParse(`https://${text}`);
const host = z.string().refine(isHost, 'expected hosts like ci.internal or 10.0.0.5:8443');
const hosts = list.pipe(z.array(host.transform((text) => new URL(`https://${text}`).host)));

/** Returns whether a text is an origin as browsers, and apps such as `tauri://localhost`, send it. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text) || text.includes('*')) return false;
  const { origin, protocol, host } = new URL(text);
  return text === (origin === 'null' && host !== '' ? `${protocol}//${host}` : origin);
}

const origin = z.string().refine(isOrigin, 'expected origins like https://chat.example.org');
const address = z.string().regex(/^[^\s:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, 'expected host:port');
/** Returns whether a text is a URL of Redis: with a host, and after it at most the number of a database. */
function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text) || /%(?![0-9a-f]{2})/i.test(text)) return false;
  const { protocol, hostname, pathname } = new URL(text);
  return /^rediss?:$/.test(protocol) && hostname !== '' && /^\/?\d*$/.test(pathname);
}
const redisUrl = z
  .string()
  .refine(isRedisUrl, 'expected a URL like redis://user:password@host:6379, or rediss:// for TLS');
const quota = z.coerce.number().int().min(0).max(1_000_000_000);
const positive = z.coerce.number().int().positive();

/** One setting: how its text is checked, and what `parley config` prints about it. */
export interface SettingsTableRow<S extends z.ZodType> {
  readonly schema: S;
  /** Default value, in the form of the environment variable. Absent: no default. */
  readonly fallback?: string;
  readonly unit: string;
  readonly secret?: boolean;
  readonly doc: string;
}

function setting<S extends z.ZodType>(schema: S, unit: string, doc: string, fallback?: string): SettingsTableRow<S> {
  return fallback === undefined ? { schema, unit, doc } : { schema, unit, doc, fallback };
}

/** Every setting of every process; the environment name is `PARLEY_` and the key. */
export const settingsTable = {
  DATABASE_URL: {
    ...setting(
      z.url({ protocol: /^postgres(ql)?$/ }).optional(),
      'URL',
      'PostgreSQL 15 or later, connecting as the role of this service',
    ),
    secret: true,
  },
  DATABASE_URL_FILE: setting(
    z.string().optional(),
    'file',
    'file with the database URL, used if PARLEY_DATABASE_URL is not set; read again for each new connection',
  ),
  LISTEN_URL: {
    ...setting(
      z.url({ protocol: /^postgres(ql)?$/ }).optional(),
      'URL',
      'gateway: the same database without a connection pooler, for LISTEN; default: the database URL',
    ),
    secret: true,
  },
  LISTEN_URL_FILE: setting(
    z.string().optional(),
    'file',
    'gateway: file with the URL for LISTEN, read if PARLEY_LISTEN_URL is not set',
  ),
  REDIS_URL: {
    ...setting(
      redisUrl.optional(),
      'URL',
      'channel-service, gateway: Redis that carries notifications of changes, redis:// or rediss://; unset: PostgreSQL carries them',
    ),
    secret: true,
  },
  REDIS_URL_FILE: setting(
    z.string().optional(),
    'file',
    'channel-service, gateway: file with the URL of Redis, read if PARLEY_REDIS_URL is not set',
  ),
  REDIS_PREFIX: setting(
    z.string().regex(/^[\w.:-]{1,64}$/, 'expected 1 to 64 letters, digits, and . _ : -'),
    'prefix',
    'channel-service, gateway: start of the names of channels in Redis; each Parley that shares a Redis needs its own',
    'parley',
  ),
  DATABASE_CONNECTIONS: setting(positive.max(100), 'connections', 'size of the connection pool of this process', '5'),
  HOST: setting(z.string().min(1), 'address', 'address to listen on', '127.0.0.1'),
  PORT: setting(
    port.optional(),
    'port',
    'port to listen on; default: 50051 user-service, 50052 channel-service, 50053 chat-service, 8080 gateway',
  ),
  GRPC_PORT: setting(port.optional(), 'port', 'gateway: port of InboxService over gRPC; default: PARLEY_PORT + 2000'),
  ADMIN_PORT: setting(
    port.optional(),
    'port',
    'ops port, serving /healthz /readyz /metrics; default: PARLEY_PORT + 1000; 0: off',
  ),
  INSECURE: setting(onOff, 'on/off', 'allow listening without TLS on an address that other machines can reach', 'off'),
  TLS_CERT: setting(z.string().optional(), 'file', 'PEM certificate of this process'),
  TLS_KEY: setting(z.string().optional(), 'file', 'PEM key of this process'),
  TLS_CA: setting(
    z.string().optional(),
    'file',
    'PEM certificates of the authorities that this process trusts when it calls other services; unset: these calls use no TLS',
  ),
  TLS_CLIENT_CA: setting(
    z.string().optional(),
    'file',
    'PEM certificates of the authorities for the certificates of services that call this process; unset: their token is enough',
  ),
  TLS_CHAT_NAME: setting(
    z.string().optional(),
    'host',
    'channel-service, gateway: name that the certificates of chat servers contain; default: the IP address of each',
  ),
  PROXIES: setting(
    list,
    'CIDR',
    'networks of trusted proxies: for services, those of the gateway and Envoy; for the gateway, that of your own proxy. The caller is then the last address in x-forwarded-for, and refusals never close a proxy’s connections; unset: none is trusted',
    '',
  ),
  CONNECTIONS_PER_ADDRESS: setting(
    positive,
    'connections',
    'open connections from one IPv4 address or IPv6 /64 network; those of trusted proxies are not limited',
    String(limits.connectionsPerAddress),
  ),
  LOG_LEVEL: setting(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    'level',
    'lowest level to log',
    'info',
  ),
  LOG_FORMAT: setting(z.enum(['json', 'text']), 'format', 'json for machines, text for people', 'json'),
  SLOW_STATEMENT_MS: setting(
    z.coerce.number().int().min(0).max(60_000),
    'ms',
    'a statement that the database runs for longer is logged, without its parameters; 0: none is',
    '1000',
  ),
  REFLECTION: setting(
    onOff.optional(),
    'on/off',
    'serve gRPC reflection; default: on if PARLEY_HOST is a loopback address',
  ),
  STOP_SECONDS: setting(positive.max(600), 's', 'time a shutdown may take before the process is forced to exit', '8'),
  PASSWORD_SCHEME: setting(z.enum(['bcrypt', 'argon2id']), 'scheme', 'user-service: hash of new passwords', 'bcrypt'),
  PASSWORD_RULES: setting(
    z.enum(['strict', 'lax']),
    'rules',
    'user-service: rules for new passwords: strict (8 bytes or more, and none of the common ones) or lax (6 bytes or more), for clients that allow more',
    'strict',
  ),
  BCRYPT_COST: setting(
    z.coerce.number().int().min(4).max(15),
    'log2 rounds',
    'user-service: cost of a bcrypt hash',
    '10',
  ),
  REGISTRATION: setting(
    z.enum(['open', 'invite', 'closed']),
    'mode',
    'user-service: who can register: open (everyone), invite (with an invitation from an operator) or closed (nobody); the very first account always can',
    'open',
  ),
  FIRST_ADMIN: setting(
    z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
      .optional(),
    'user id',
    'npm start: creates this operator account if there is no operator yet, and leaves its password in the data folder',
  ),
  SERVER_HOSTS: setting(
    list,
    'patterns',
    'channel-service: hosts that are accepted in the ADDR of a chat server; * matches one label of a name',
    'localhost,127.0.0.1,::1',
  ),
  SERVER_NETWORKS: setting(
    list,
    'CIDR',
    'channel-service: networks that are accepted in the INTERNAL_ADDR of a chat server',
    '127.0.0.0/8,::1/128',
  ),
  SERVER_PORTS: setting(
    z.string().regex(/^\d+-\d+$/),
    'from-to',
    'channel-service: ports that are accepted in both addresses of a chat server',
    '1024-65535',
  ),
  ARCHIVE_DIR: setting(
    z.string().optional(),
    'folder',
    'channel-service: folder for entries that retention deletes, as JSON lines; unset: no archive',
  ),
  MAX_RETENTION_DAYS: setting(
    positive.max(24_855).optional(),
    'days',
    'channel-service: how long any channel keeps messages at most; channels with a longer retention get this one; unset: no maximum',
  ),
  LISTED_DAYS: setting(
    positive.max(36_500),
    'days',
    'channel-service: how long an unused room or public chat stays in the public list; after that, it is found only by name',
    '30',
  ),
  NAME: setting(z.string().min(1).max(64).optional(), 'label', 'chat-service, gateway: name of this process in lists'),
  ADDR: setting(address.optional(), 'host:port', 'chat-service: address that clients dial'),
  ADDR_TLS: setting(
    onOff.optional(),
    'on/off',
    'chat-service: clients dial PARLEY_ADDR with TLS, for example to a TLS proxy; default: on if PARLEY_TLS_CERT is set',
  ),
  INTERNAL_ADDR: setting(
    address.optional(),
    'ip:port',
    'chat-service: address that managers, the gateway and Envoy dial',
  ),
  MANAGERS: setting(
    list,
    'host:port,...',
    'chat-service, gateway and `parley`: addresses of the managers, tried until one responds',
    '127.0.0.1:50052',
  ),
  USER_SERVICES: setting(
    list,
    'host:port,...',
    'gateway and `parley`: addresses of the user-services',
    '127.0.0.1:50051',
  ),
  ORIGINS: setting(
    list.pipe(z.array(origin)),
    'origins',
    'gateway: origins of other pages that may call it from a browser, such as https://chat.example.org; its own page needs no entry',
    '',
  ),
  URL_TOKENS: setting(
    onOff,
    'on/off',
    'gateway: accept `?token=` in URLs of `/api` and `/events`, for clients of document 001 on other origins; URLs can end up in the logs of proxies',
    'off',
  ),
  GUESTS: setting(
    onOff,
    'on/off',
    'gateway: let people without an account in at `/chatserver` and `/ws/{user}`, the doors of documents 002 and 003',
    'off',
  ),
  FILE_BYTES: setting(
    positive.max(2_147_483_647),
    'bytes',
    'gateway: maximum size of one file',
    String(256 * 1_048_576),
  ),
  FILES_PER_USER_BYTES: setting(
    z.coerce.number().int().min(0),
    'bytes',
    'gateway: what the files of one user may take together; 0: users upload no files',
    String(1_073_741_824),
  ),
  FILES_BYTES: setting(
    z.coerce.number().int().min(0),
    'bytes',
    'gateway: what all files may take together',
    String(20 * 1_073_741_824),
  ),
  S3_ENDPOINT: setting(
    z.url({ protocol: /^https?$/ }).optional(),
    'URL',
    'gateway: S3, or storage with the same API, in which files are stored, such as https://s3.eu-central-1.amazonaws.com; unset: files stay in the database',
  ),
  S3_REGION: setting(z.string().min(1), 'region', 'gateway: region of the bucket', 'us-east-1'),
  S3_BUCKET: setting(
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected a name of 3 to 63 lower-case letters, digits, dots and -')
      .optional(),
    'bucket',
    'gateway: bucket for files; it exists already, and all gateways have the same one',
  ),
  S3_KEY_ID: setting(z.string().min(1).optional(), 'key', 'gateway: id of the key for S3'),
  S3_SECRET: { ...setting(z.string().min(1).optional(), 'secret', 'gateway: secret of the key for S3'), secret: true },
  S3_SECRET_FILE: setting(
    z.string().optional(),
    'file',
    'gateway: file with the secret of the key for S3, read if PARLEY_S3_SECRET is not set',
  ),
  S3_PATH_STYLE: setting(
    onOff,
    'on/off',
    'gateway: on: the bucket is in the path of the URL; off: it is the first label of the host',
    'on',
  ),
  S3_WAITING_BYTES: setting(
    z.coerce.number().int().min(0),
    'bytes',
    'gateway: how much may wait in the database while S3 does not respond; beyond that, uploads are refused',
    String(4 * 1_073_741_824),
  ),
  PUSH_KEY: {
    ...setting(
      z
        .string()
        .regex(/^[A-Za-z0-9_-]{43}$/, 'expected the private key that `npx web-push generate-vapid-keys` prints')
        .optional(),
      'key',
      'gateway: private key for Web Push (VAPID), the same for all gateways; unset: no Web Push',
    ),
    secret: true,
  },
  PUSH_KEY_FILE: setting(
    z.string().optional(),
    'file',
    'gateway: file with the private key for Web Push, read if PARLEY_PUSH_KEY is not set',
  ),
  PUSH_CONTACT: setting(
    z
      .string()
      .regex(/^(mailto:\S+@\S+|https:\/\/\S+)$/, 'expected mailto: or https:')
      .optional(),
    'URL',
    'gateway: where push services can reach the operator, such as mailto:ops@example.org',
  ),
  PUSH_PRIVATE: setting(
    onOff,
    'on/off',
    'gateway: send Web Push to endpoints with private addresses too, for push services in your own network and for tests',
    'off',
  ),
  WEBHOOK_PRIVATE: setting(hosts, 'hosts', 'gateway: hosts with private addresses to which webhooks may be sent', ''),
  WEB_DIR: setting(
    z.string().optional(),
    'folder',
    'gateway: folder of the built page; default: packages/web/dist/page',
  ),
  ADMIN_PAGE: setting(
    z.literal('off').or(address),
    'address',
    'gateway: host:port of the admin page, a port of its own; off: none. `npm start` sets it for the first gateway',
    'off',
  ),
  MESSAGE_BYTES: setting(
    positive.max(limits.messageBytes),
    'bytes',
    'chat-service: maximum size of the data of one message',
    String(limits.messageBytes),
  ),
  SENDER_RATE: setting(
    positive.max(1_000_000),
    'messages/s',
    'chat-service: rate limit of one sender in one channel; the limit in bytes/s scales with it',
    String(limits.senderMessagesPerSecond),
  ),
  CHANNEL_RATE: setting(
    positive.max(1_000_000),
    'messages/s',
    'chat-service: rate limit of one channel; the limit in bytes/s scales with it',
    String(limits.channelMessagesPerSecond),
  ),
  CHANNEL_MEGABYTES: setting(quota, 'MiB', 'chat-service: storage quota of one channel; 0: unlimited', '1024'),
  CHANNEL_ROWS: setting(
    quota,
    'entries',
    'chat-service: entries (messages, edits, reactions and so on) that one channel may store; 0: unlimited',
    '5000000',
  ),
  USER_MEGABYTES: setting(
    quota,
    'MiB',
    'chat-service: storage quota of one user across all channels; 0: unlimited',
    '512',
  ),
  USER_ROWS: setting(
    quota,
    'entries',
    'chat-service: entries (messages, edits, reactions and so on) that one user may store across all channels; 0: unlimited',
    '1000000',
  ),
} as const satisfies Record<string, SettingsTableRow<z.ZodType>>;

export type SettingName = keyof typeof settingsTable;
export type Settings = { readonly [K in SettingName]: z.infer<(typeof settingsTable)[K]['schema']> };
