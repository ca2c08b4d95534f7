import { createPool, type DatabaseUrl, extraConnections, type Pool } from '@parley/database';

/** Settings of the connections for searches: plans use the index whatever the statistics say. */
export const searchSession = {
  jit: 'off',
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  work_mem: '16MB',
} as const;

/**
 * Opens the connections for searches. They are few and have a short statement timeout, so that
 * searches slow down only searches.
 */
export function openSearchPool(url: DatabaseUrl, onLost: (error: Error) => void): Pool {
  return createPool({
    url,
    applicationName: 'parley channel-service search',
    max: extraConnections.chat_manager,
    statementTimeoutMs: 2_000,
    session: searchSession,
    onLost,
    checksTimeline: true,
  });
}
