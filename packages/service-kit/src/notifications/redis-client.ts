import { atMost, type Settings } from '@parley/runtime';
import type { RedisClientType } from '@redis/client';
import { secretOrFile } from '../secret-file.js';

/** Where Redis is, and what the names of Parley's channels begin with there. */
export interface RedisConfig {
  /** URL, `redis://user:password@host:port` or `rediss://` for TLS. */
  readonly url: string;
  readonly prefix: string;
}

/**
 * Reads where Redis is. Undefined if PostgreSQL carries the notifications.
 * @throws {Error} one sentence if the file with the URL is wrong.
 * @example
 * ```ts
 * import { readSettings } from '@parley/runtime';
 * import { readRedisConfig } from '@parley/service-kit';
 *
 * const redis = readRedisConfig(readSettings(process.env));
 * ```
 */
export function readRedisConfig(settings: Settings): RedisConfig | undefined {
  const url = secretOrFile(settings, 'REDIS_URL');
  return url === undefined ? undefined : { url, prefix: settings.REDIS_PREFIX };
}

/** Time within which Redis must respond, in milliseconds. */
const respondsWithinMs = 4_000;
const afterPauseMs = 1_000;

/** @throws {Error} if Redis does not respond in time, or the error of `work`. */
export async function respondsInTime(work: Promise<unknown>): Promise<void> {
  const done = work.then(() => true);
  // If this process paused, the response may have arrived meanwhile.
  const isDone = (await atMost(done, respondsWithinMs)) ?? (await atMost(done, afterPauseMs));
  if (isDone === undefined) throw new Error('no response');
}

/** Creates a client for one connection. The library is loaded only by processes that use Redis. */
export async function createRedis(url: string, name: string): Promise<RedisClientType> {
  const { default: library } = await import('@redis/client');
  const socket = { reconnectStrategy: false, connectTimeout: respondsWithinMs } as const;
  return library.createClient({ url, name, socket, disableOfflineQueue: true, maintNotifications: 'disabled' });
}
