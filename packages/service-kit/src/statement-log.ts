import { observeStatements } from '@parley/database';
import type { Part, ProcessContext } from '@parley/runtime';

/** Logs and counts statements that take longer than `PARLEY_SLOW_STATEMENT_MS`. */
export function watchStatements({ settings, log, metrics }: ProcessContext): Part {
  const longestMs = settings.SLOW_STATEMENT_MS;
  const help = 'statements that took longer than PARLEY_SLOW_STATEMENT_MS';
  const slow = metrics.counter('parley_slow_statements_total', help, []);
  const stop = observeStatements(({ name: statement, ms, waitedMs, hasFailed }) => {
    if (longestMs === 0 || ms <= longestMs) return;
    slow.inc();
    log.warn({ statement, ms: Math.round(ms), waitedMs: Math.round(waitedMs), hasFailed }, 'slow statement');
  });
  return { stop };
}
