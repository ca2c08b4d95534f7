import {
  type DatabaseUrl,
  type Listening,
  NotificationListener,
  type Notifier,
  postgresNotifier,
} from '@parley/database';
import type { Settings } from '@parley/runtime';
import type { ServiceHost } from '../host.js';
import { databaseUrlOf } from '../secret-file.js';
import { type RedisConfig, readRedisConfig } from './redis-client.js';
import { RedisNotifier } from './redis-notifier.js';

/** How the notifications of a process travel. */
export interface NotifierConfig {
  /** URL of the database for LISTEN. It must not lead to a pooler. */
  readonly listenUrl: DatabaseUrl;
  /** Redis, if it carries the notifications instead of PostgreSQL. */
  readonly redis: RedisConfig | undefined;
}

/**
 * Reads how the notifications of a process travel.
 * @throws {Error} one sentence if a file with a URL is wrong.
 * @example
 * ```ts
 * import { readSettings } from '@parley/runtime';
 * import { readNotifierConfig } from '@parley/service-kit';
 *
 * const config = readNotifierConfig(readSettings(process.env), 'postgres://chat_gateway:secret@localhost/parley');
 * ```
 */
export function readNotifierConfig(settings: Settings, databaseUrl: DatabaseUrl): NotifierConfig {
  return { listenUrl: databaseUrlOf(settings, 'LISTEN_URL') ?? databaseUrl, redis: readRedisConfig(settings) };
}

/**
 * Opens the connection for the notifications of a process: to Redis if it is set, else to
 * PostgreSQL. Listens if `listening` is given. Returns at once, even if neither responds.
 * @example
 * ```ts
 * import { Bell, eventChannel } from '@parley/database';
 * import { type NotifierConfig, openNotifier, type ServiceHost } from '@parley/service-kit';
 *
 * function bellOf(host: ServiceHost, config: NotifierConfig): Bell {
 *   return new Bell(openNotifier(host, 'channel-service', config), eventChannel, () => {});
 * }
 * ```
 */
export function openNotifier(
  { pool, parts, context }: ServiceHost,
  service: string,
  { listenUrl: url, redis }: NotifierConfig,
  listening?: Listening,
): Notifier {
  const { log, metrics } = context;
  const inRedis = redis && parts.add('redis', new RedisNotifier(redis, `parley-${service}`, listening, log));
  metrics.gauge('parley_redis_up', '1 if this process is connected to Redis, or none is set, else 0', () =>
    Number(inRedis?.isUp !== false),
  );
  if (inRedis !== undefined) return inRedis;
  const applicationName = `parley ${service} notifications`;
  const onLost = (err: unknown) => log.warn({ err }, 'no notifications of changes; will retry');
  if (listening !== undefined)
    parts.add('notifications', new NotificationListener({ url, applicationName, onLost, ...listening }));
  return postgresNotifier(pool);
}
