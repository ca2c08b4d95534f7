import { randomUUID } from 'node:crypto';
import { NotificationListener, type Pool } from '@parley/database';
import { errorText } from '../failure.js';
import { shownUrl } from '../owner-database.js';
import { type Check, type Finding, fault, skipped, works } from './check.js';
import { doctorName, unopened, withDatabase } from './database-access.js';
import { inTime, StepTimeout } from './step.js';
import type { Surroundings } from './surroundings.js';

const advice =
  'The URL leads to a pooler that shares connections between transactions. Set PARLEY_LISTEN_URL of the gateways to PostgreSQL itself, or let the pooler keep sessions (PgBouncer: pool_mode = session).';

/** Listens to a channel of its own, notifies it over the same URL, and waits for the notification. */
async function notice(url: string, timeoutMs: number, notify: (channel: string) => Promise<unknown>): Promise<void> {
  const channel = `parley_doctor_${randomUUID().replaceAll('-', '')}`;
  let listener: NotificationListener | undefined;
  const noticed = new Promise<void>((resolve, reject) => {
    listener = new NotificationListener({
      url,
      applicationName: doctorName,
      channels: [channel],
      onListening: () => void notify(channel).catch(reject),
      onNotified: () => resolve(),
      onLost: reject,
    });
  });
  await inTime(noticed, timeoutMs).finally(() => listener?.stop());
}

async function judge(pool: Pool, { listenUrl = '', timeoutMs }: Surroundings): Promise<Finding[]> {
  const about = shownUrl(listenUrl);
  try {
    await notice(listenUrl, timeoutMs, (channel) => pool.query('SELECT pg_notify($1, $2)', [channel, '']));
    return [works(about, 'Notifications arrive.')];
  } catch (thrown) {
    if (thrown instanceof StepTimeout)
      return [fault(about, 'PostgreSQL accepts LISTEN, but no notification arrives.', advice)];
    if (/prepared statement|unsupported|LISTEN/i.test(errorText(thrown)))
      return [fault(about, `LISTEN does not work (${errorText(thrown)}).`, advice)];
    return [unopened(about, thrown)];
  }
}

/** LISTEN works through the pooler, if there is one. */
export function listenCheck(where: Surroundings): Check {
  const run = async () =>
    where.redis !== undefined
      ? [skipped('LISTEN', 'Redis carries the notifications.')]
      : withDatabase(where, (pool) => judge(pool, where));
  return { name: 'listen', run };
}
