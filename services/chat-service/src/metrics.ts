import { Resume } from '@parley/contract';
import type { Logger, Metrics } from '@parley/runtime';
import type { Drain } from './background/drain.js';
import { moment } from './background/heartbeat.js';
import type { Reconciler } from './background/reconciler.js';
import type { AppendQueue } from './core/append-queue.js';
import type { Channels } from './core/channels.js';
import type { BatchResult } from './core/flight.js';
import type { Lease } from './core/lease.js';
import type { Usage } from './core/usage.js';
import type { ResetCause } from './session/session.js';
import type { Sessions } from './session/sessions.js';

const departures = ['lost', 'empty', 'drained'] as const;
const causes: readonly ResetCause[] = ['behind', 'goodbye', 'replay'];

/** What a chat server counts. */
export interface ChatCounters {
  readonly onWrite: (frames: number) => void;
  readonly onReset: (why: ResetCause) => void;
  readonly onResume: (outcome: Resume) => void;
  /** Something was to be written in a channel that another server has by now. */
  readonly onFenced: () => void;
  readonly onLeft: (why: (typeof departures)[number], channels: number) => void;
}

const resumptions = {
  [Resume.UNSPECIFIED]: 'none',
  [Resume.WHOLE]: 'whole',
  [Resume.GAP]: 'gap',
  [Resume.RESET]: 'reset',
} as const;

/** What the lane counts. */
export interface AppendQueueCounters {
  readonly onBatch: (written: BatchResult) => void;
  readonly onDoubt: (cause: unknown) => void;
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Batches by size and time, and tries whose outcome was not known. */
export function countLane(metrics: Metrics, log: Logger): AppendQueueCounters {
  const rows = metrics.histogram(
    'parley_append_queue_batch_rows',
    'entries of one batch, without those that met a lock',
    [],
    [1, 2, 5, 10, 25, 50, 100, 250, 500],
  );
  const waits = metrics.histogram(
    'parley_append_queue_wait_seconds',
    'until the oldest entry of a batch was sent',
    [],
    seconds,
  );
  const commits = metrics.histogram(
    'parley_append_queue_commit_seconds',
    'until the outcome of a batch was known',
    [],
    seconds,
  );
  const reruns = metrics.counter('parley_append_queue_reruns_total', 'batches that were sent again', []);
  return {
    onBatch: ({ rows: count, tries, waitedMs, tookMs }) => {
      rows.observe(count);
      waits.observe(waitedMs / 1_000);
      commits.observe(tookMs / 1_000);
      if (tries > 1) log.info({ tries, count }, 'a batch is committed after all');
    },
    onDoubt: (err) => {
      reruns.inc();
      log.warn({ err }, 'the outcome of a batch is not known; it is sent again');
    },
  };
}

/** Writes, frames and resets are counted as they happen; the rest is asked for when it is read. */
export function countChat(
  metrics: Metrics,
  parts: { channels: Channels; sessions: Sessions; lease: Lease; appendQueue: AppendQueue; usage: Usage },
): ChatCounters {
  const sums = { writes: 0, deliveries: 0 };
  metrics.total('parley_writes_total', 'writes to readers', () => sums.writes);
  metrics.total('parley_deliveries_total', 'frames written to readers', () => sums.deliveries);
  metrics.total('parley_stored_bytes_total', 'bytes that this server wrote into logs', () => parts.usage.storedBytes);
  const resetHelp = 'readers that were reset, by what they did not take';
  const resets = metrics.counter('parley_resets_total', resetHelp, ['why'], causes);
  const resumeHelp = 'streams by what they asked to resume came to';
  const resumes = metrics.counter('parley_resumes_total', resumeHelp, ['outcome'], Object.values(resumptions));
  const fenced = metrics.counter('parley_fenced_total', 'messages for a channel that another server has by now', []);
  const left = metrics.counter(
    'parley_channels_left_total',
    'channels that this server has no more',
    ['why'],
    departures,
  );
  metrics.gauge('parley_streams', 'open streams', () => parts.sessions.size);
  metrics.gauge('parley_channels', 'channels in memory', () => parts.channels.size);
  metrics.gauge('parley_append_queue_bytes', 'data bytes that wait or are in flight', () => parts.appendQueue.bytes);
  metrics.gauge('parley_ring_bytes', 'bytes in all rings', () => parts.channels.ringBytes);
  metrics.gauge(
    'parley_lease_age_seconds',
    'since the last confirmed report',
    () => parts.lease.ageMs(moment()) / 1_000,
  );
  return {
    onWrite(frames) {
      sums.writes += 1;
      sums.deliveries += frames;
    },
    onReset: (why) => resets.inc({ why }),
    onResume: (outcome) => resumes.inc({ outcome: resumptions[outcome] }),
    onFenced: () => fenced.inc(),
    onLeft: (why, channels) => left.inc({ why }, channels),
  };
}

/** What the sweep saw last, and whether the server gives its channels back. */
export function countDuties(metrics: Metrics, { reconciler, drain }: { reconciler: Reconciler; drain: Drain }): void {
  metrics.levels('parley_seats', 'seats at this server, by state', 'state', () => reconciler.seats);
  metrics.gauge('parley_draining', '1 once this server gives its channels back', () => Number(drain.begun));
}
