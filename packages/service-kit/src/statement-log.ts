import { observeStatements } from '@parley/database';
import { currentCall, type Part, type ProcessContext } from '@parley/runtime';

/**
 * Adds statements to the spans of their calls. Logs and counts those that take longer than
 * `PARLEY_SLOW_STATEMENT_MS`.
 */
export function watchStatements({ settings, log, metrics }: ProcessContext): Part {
  const longestMs = settings.SLOW_STATEMENT_MS;
  const help = 'statements that took longer than PARLEY_SLOW_STATEMENT_MS';
  const slow = metrics.counter('parley_slow_statements_total', help, []);
  const stop = observeStatements(({ name: statement, ms, waitedMs, hasFailed }) => {
    const step = { name: statement, startedAtMs: performance.now() - ms, ms, hasFailed };
    for (const span of currentCall()?.spans ?? []) span.step(step);
    if (longestMs === 0 || ms <= longestMs) return;
    slow.inc();
    log.warn({ statement, ms: Math.round(ms), waitedMs: Math.round(waitedMs), hasFailed }, 'slow statement');
  });
  return { stop };
}
