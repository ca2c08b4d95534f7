import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isLoopback, type Settings, splitAddress } from '@parley/runtime';
import {
  type HostConfig,
  type NotifierConfig,
  Proxies,
  readHostConfig,
  readNotifierConfig,
  secretOrFile,
} from '@parley/service-kit';
import type { FileQuotas } from './files/file-store.js';
import type { S3Config } from './objects/s3-bucket.js';

/** Configuration of a gateway. */
export interface GatewayConfig {
  readonly host: HostConfig;
  readonly notifier: NotifierConfig;
  /** Name in lists of gateways. */
  readonly name: string;
  readonly userServices: readonly string[];
  readonly managers: readonly string[];
  /** Origins of other pages that may call the gateway. */
  readonly origins: readonly string[];
  /** Trusted proxies, whose `x-forwarded-for` names the address of a page. */
  readonly proxies: Proxies;
  /** Whether tokens may be in URLs. */
  readonly takesUrlTokens: boolean;
  /** Whether the gateway admits guests. */
  readonly letsGuestsIn: boolean;
  /** Maximum bytes of files. */
  readonly files: FileQuotas;
  /** Bucket in which files are stored; undefined: in the database. */
  readonly s3: S3Config | undefined;
  /** Folder of the built page. */
  readonly webDir: string;
  /** Address of the admin page; undefined: there is none. */
  readonly adminPage: AdminPageConfig | undefined;
  /** Key and contact for Web Push; undefined: none is sent. */
  readonly push: PushConfig | undefined;
  /** Hosts to which outgoing webhooks may be sent although their addresses are private; with ports, if not 443. */
  readonly privateWebhookHosts: readonly string[];
}

/** Configuration of the admin page. */
export interface AdminPageConfig {
  readonly host: string;
  /** Port; 0: any free one. */
  readonly port: number;
  /** Folder of the built admin page. */
  readonly dir: string;
}

/** Configuration of Web Push. */
export interface PushConfig {
  /** Private key, in base64url. */
  readonly key: string;
  /** URL at which push services can reach the operator. */
  readonly contact: string;
  readonly allowsPrivate: boolean;
}

function readPushConfig(settings: Settings): PushConfig | undefined {
  const { PUSH_CONTACT: contact, PUSH_PRIVATE: allowsPrivate } = settings;
  const key = secretOrFile(settings, 'PUSH_KEY');
  if (key === undefined) return undefined;
  if (contact === undefined)
    throw new Error('PARLEY_PUSH_KEY needs PARLEY_PUSH_CONTACT, such as mailto:ops@example.org.');
  return { key, contact, allowsPrivate };
}

/** Settings of S3 that are all set, or none. */
const s3Names = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_KEY_ID', 'S3_SECRET'] as const;

function readS3Config(settings: Settings): S3Config | undefined {
  const { S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_KEY_ID: keyId } = settings;
  const secret = secretOrFile(settings, 'S3_SECRET');
  const all = { ...settings, S3_SECRET: secret };
  const missing = s3Names.filter((name) => all[name] === undefined).map((name) => `PARLEY_${name}`);
  if (missing.length === s3Names.length) return undefined;
  if (endpoint === undefined || bucket === undefined || keyId === undefined || secret === undefined)
    throw new Error(`S3 also needs ${missing.join(' and ')}. Set all PARLEY_S3_* of docs/operating.md, or none.`);
  const { S3_REGION: region, S3_PATH_STYLE: usesPath, S3_WAITING_BYTES: waitingBytes } = settings;
  return { endpoint, bucket, keyId, secret, region, usesPath, waitingBytes };
}

const builtPage = fileURLToPath(new URL('../../../../packages/web/dist/page', import.meta.url));
const builtAdminPage = fileURLToPath(new URL('../../../../packages/web/dist/page-admin', import.meta.url));

function readAdminPageConfig({ ADMIN_PAGE, TLS_CERT, INSECURE }: Settings): AdminPageConfig | undefined {
  if (ADMIN_PAGE === 'off') return undefined;
  const { host, port } = splitAddress(ADMIN_PAGE);
  if (!isLoopback(host) && TLS_CERT === undefined && !INSECURE) {
    throw new Error(
      `PARLEY_ADMIN_PAGE=${ADMIN_PAGE} can be reached by others. Use 127.0.0.1 and an SSH tunnel, set PARLEY_TLS_CERT and PARLEY_TLS_KEY, or set PARLEY_INSECURE=on.`,
    );
  }
  return { host, port, dir: builtAdminPage };
}

/**
 * Reads the configuration of a gateway.
 * @throws {Error} one sentence that says what is missing or invalid.
 */
export function readGatewayConfig(settings: Settings): GatewayConfig {
  const host = readHostConfig(settings, 'gateway', 8_080, 'chat_gateway');
  const grpcPort = settings.GRPC_PORT ?? (host.port === 0 ? 0 : host.port + 2_000);
  return {
    host: { ...host, grpcPort },
    notifier: readNotifierConfig(settings, host.databaseUrl),
    name: settings.NAME ?? hostname().slice(0, 64),
    userServices: settings.USER_SERVICES,
    managers: settings.MANAGERS,
    origins: settings.ORIGINS,
    proxies: new Proxies(settings.PROXIES),
    takesUrlTokens: settings.URL_TOKENS,
    letsGuestsIn: settings.GUESTS,
    files: {
      fileBytes: settings.FILE_BYTES,
      userBytes: settings.FILES_PER_USER_BYTES,
      allBytes: settings.FILES_BYTES,
    },
    s3: readS3Config(settings),
    webDir: settings.WEB_DIR ?? builtPage,
    adminPage: readAdminPageConfig(settings),
    push: readPushConfig(settings),
    privateWebhookHosts: settings.WEBHOOK_PRIVATE,
  };
}
