import type { Settings } from '@parley/runtime';
import { type HostConfig, type NotifierConfig, Proxies, readHostConfig, readNotifierConfig } from '@parley/service-kit';

export const secondsPerDay = 86_400;

export interface ChannelServiceConfig {
  readonly host: HostConfig;
  readonly notifier: NotifierConfig;
  readonly proxies: Proxies;
  readonly housekeepingEveryMs: number;
  readonly retentionEveryMs: number;
  readonly activityEveryMs: number;
  readonly searchEveryMs: number;
  readonly deletionsEveryMs: number;
  /** Days without use after which a channel is no longer listed. */
  readonly listedDays: number;
  /** Longest retention of any channel, in seconds; null: unlimited. */
  readonly longestRetention: number | null;
  /** Folder in which deleted entries are archived; undefined: they are not archived. */
  readonly archiveDir: string | undefined;
}

/** Reads the settings of the manager. @throws {Error} with one sentence if a setting is missing. */
export function readChannelServiceConfig(settings: Settings): ChannelServiceConfig {
  const host = readHostConfig(settings, 'channel-service', 50_052, 'chat_manager');
  return {
    host,
    notifier: readNotifierConfig(settings, host.databaseUrl),
    proxies: new Proxies(settings.PROXIES),
    housekeepingEveryMs: 5_000,
    retentionEveryMs: 10_000,
    activityEveryMs: 30_000,
    searchEveryMs: 1_000,
    deletionsEveryMs: 1_000,
    listedDays: settings.LISTED_DAYS,
    longestRetention: settings.MAX_RETENTION_DAYS === undefined ? null : settings.MAX_RETENTION_DAYS * secondsPerDay,
    archiveDir: settings.ARCHIVE_DIR,
  };
}
