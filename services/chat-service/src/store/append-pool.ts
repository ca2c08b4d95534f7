import { createPool, type Pool, type PoolSettings } from '@parley/database';

/**
 * Opens a pool for writing. It uses generic plans, so that statements are not planned again for
 * each batch.
 */
export function openAppendPool(
  settings: Pick<PoolSettings, 'url' | 'applicationName' | 'max' | 'onLost'>,
  lockTimeout: string,
): Pool {
  return createPool({
    ...settings,
    statementTimeoutMs: 5_000,
    session: { lock_timeout: lockTimeout, jit: 'off', plan_cache_mode: 'force_generic_plan' },
    checksTimeline: true,
  });
}
