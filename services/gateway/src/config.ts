import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Settings } from '@parley/runtime';
import { type HostConfig, Proxies, readHostConfig } from '@parley/service-kit';
import type { FileQuotas } from './files/file-store.js';

/** Configuration of a gateway. */
export interface GatewayConfig {
  readonly host: HostConfig;
  /** URL of the database for LISTEN. It must not lead to a pooler. */
  readonly listenUrl: string;
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
  /** What files may take. */
  readonly files: FileQuotas;
  /** Folder of the built page. */
  readonly webDir: string;
  /** How Web Push is sent; undefined if it is not. */
  readonly push: PushConfig | undefined;
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
  const { PUSH_KEY: key, PUSH_CONTACT: contact, PUSH_PRIVATE: allowsPrivate } = settings;
  if (key === undefined) return undefined;
  if (contact === undefined)
    throw new Error('PARLEY_PUSH_KEY needs PARLEY_PUSH_CONTACT, such as mailto:ops@example.org.');
  return { key, contact, allowsPrivate };
}

const builtPage = fileURLToPath(new URL('../../../../packages/web/dist/page', import.meta.url));

/**
 * Reads the configuration of a gateway.
 * @throws {Error} one sentence that says what is missing or invalid.
 */
export function readGatewayConfig(settings: Settings): GatewayConfig {
  const host = readHostConfig(settings, 'gateway', 8_080, 'chat_gateway');
  const grpcPort = settings.GRPC_PORT ?? (host.port === 0 ? 0 : host.port + 2_000);
  return {
    host: { ...host, grpcPort },
    listenUrl: settings.LISTEN_URL ?? host.databaseUrl,
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
    webDir: settings.WEB_DIR ?? builtPage,
    push: readPushConfig(settings),
  };
}
