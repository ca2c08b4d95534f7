import { fileURLToPath } from 'node:url';
import type { Settings } from '@parley/runtime';
import { type HostConfig, Proxies, readHostConfig } from '@parley/service-kit';

export interface GatewayConfig {
  readonly host: HostConfig;
  readonly userServices: readonly string[];
  readonly managers: readonly string[];
  /** Origins of other pages that may call. */
  readonly origins: readonly string[];
  /** Whose word on where a page is counts. */
  readonly proxies: Proxies;
  /** The folder of the built page. */
  readonly webDir: string;
}

const builtPage = fileURLToPath(new URL('../../../../packages/web/dist/page', import.meta.url));

/**
 * What the gateway needs of the settings.
 * @throws {Error} one sentence where something is missing.
 */
export function readGatewayConfig(settings: Settings): GatewayConfig {
  return {
    host: readHostConfig(settings, 'gateway', 8_080, 'chat_gateway'),
    userServices: settings.USER_SERVICES,
    managers: settings.MANAGERS,
    origins: settings.ORIGINS,
    proxies: new Proxies(settings.PROXIES),
    webDir: settings.WEB_DIR ?? builtPage,
  };
}
