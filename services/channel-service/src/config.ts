import { type HostConfig, readHostConfig } from '@parley/rpc';
import type { Settings } from '@parley/runtime';

export interface Config {
  readonly host: HostConfig;
  readonly housekeepingEveryMs: number;
}

/**
 * What the manager needs of the settings.
 * @throws {Error} one sentence where something is missing.
 */
export function readConfig(settings: Settings): Config {
  return {
    host: readHostConfig(settings, 'channel-service', 50_052, 'chat_manager'),
    housekeepingEveryMs: 5_000,
  };
}
