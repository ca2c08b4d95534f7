import type { Settings } from '@parley/runtime';
import { type HostConfig, Proxies, readHostConfig } from '@parley/service-kit';

export interface ChannelServiceConfig {
  readonly host: HostConfig;
  readonly proxies: Proxies;
  readonly housekeepingEveryMs: number;
  readonly retentionEveryMs: number;
  readonly activityEveryMs: number;
  /** After so many days that nobody used it, a channel is not listed any more. */
  readonly listedDays: number;
  /** A folder; undefined: what retention deletes is gone. */
  readonly archiveDir: string | undefined;
}

/**
 * What the manager needs of the settings.
 * @throws {Error} one sentence where something is missing.
 */
export function readChannelServiceConfig(settings: Settings): ChannelServiceConfig {
  return {
    host: readHostConfig(settings, 'channel-service', 50_052, 'chat_manager'),
    proxies: new Proxies(settings.PROXIES),
    housekeepingEveryMs: 5_000,
    retentionEveryMs: 10_000,
    activityEveryMs: 30_000,
    listedDays: settings.LISTED_DAYS,
    archiveDir: settings.ARCHIVE_DIR,
  };
}
