import type { Metrics } from '@parley/runtime';
import type { Channels } from './core/channels.js';
import type { Lease } from './core/lease.js';
import type { Sessions } from './rpc/sessions.js';
import { moment } from './upkeep/reporter.js';

/** What a chat server counts. */
export interface ChatCounters {
  readonly onWrite: (frames: number) => void;
  readonly onReset: () => void;
}

/** Writes, frames and resets are counted as they happen; the rest is asked for when it is read. */
export function countChat(
  metrics: Metrics,
  parts: { channels: Channels; sessions: Sessions; lease: Lease },
): ChatCounters {
  const writes = metrics.counter('parley_writes_total', 'writes to readers', []);
  const deliveries = metrics.counter('parley_deliveries_total', 'frames written to readers', []);
  const resets = metrics.counter('parley_resets_total', 'readers that fell behind and were reset', []);
  metrics.gauge('parley_streams', 'open streams', () => parts.sessions.size);
  metrics.gauge('parley_channels', 'channels in memory', () => parts.channels.size);
  metrics.gauge('parley_ring_bytes', 'bytes in all rings', () => parts.channels.ringBytes);
  metrics.gauge(
    'parley_lease_age_seconds',
    'since the last confirmed report',
    () => parts.lease.ageMs(moment()) / 1_000,
  );
  return {
    onWrite(frames) {
      writes.inc();
      deliveries.inc(frames);
    },
    onReset: () => resets.inc(),
  };
}
