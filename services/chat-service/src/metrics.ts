import { Resume } from '@parley/contract';
import type { Logger, MemoryBudget, Metrics } from '@parley/runtime';
import type { Drain } from './background/drain.js';
import { moment } from './background/heartbeat.js';
import type { Reconciler } from './background/reconciler.js';
import type { AppendQueue } from './core/append-queue.js';
import type { BatchResult } from './core/append-queue-options.js';
import type { Channels } from './core/channels.js';
import type { Lease } from './core/lease.js';
import type { Usage } from './core/usage.js';
import type { Relays } from './relay/relays.js';
import type { PublishedHow } from './session/publisher.js';
import type { ResetCause } from './session/session.js';
import type { Sessions } from './session/sessions.js';

const departures = ['lost', 'empty', 'drained'] as const;
const causes: readonly ResetCause[] = ['behind', 'goodbye', 'replay', 'memory', 'silent'];

/** Callbacks that count the events of a chat server. */
export interface ChatCounters {
  readonly onWrite: (frames: number) => void;
  readonly onPublished: (how: PublishedHow) => void;
  readonly onReset: (why: ResetCause) => void;
  readonly onResume: (outcome: Resume) => void;
  /** Called for each message that was not written because another server owns the channel now. */
  readonly onFenced: () => void;
  readonly onLeft: (why: (typeof departures)[number], channels: number) => void;
}

const resumptions = {
  [Resume.UNSPECIFIED]: 'none',
  [Resume.WHOLE]: 'whole',
  [Resume.GAP]: 'gap',
  [Resume.RESET]: 'reset',
} as const;

/** Callbacks that count the batches of the append queue. */
export interface AppendQueueCounters {
  readonly onBatch: (written: BatchResult) => void;
  readonly onDoubt: (cause: unknown) => void;
  readonly onFailed: (cause: unknown) => void;
}

const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Registers the metrics of the append queue: batches by size and duration, and reruns. */
export function countAppendQueue(metrics: Metrics, log: Logger): AppendQueueCounters {
  const rows = metrics.histogram(
    'parley_append_queue_batch_rows',
    'entries per batch, without those that met a lock',
    [],
    [1, 2, 5, 10, 25, 50, 100, 250, 500],
  );
  const waits = metrics.histogram(
    'parley_append_queue_wait_seconds',
    'time that the oldest entry of a batch waited before it was sent',
    [],
    seconds,
  );
  const commits = metrics.histogram(
    'parley_append_queue_commit_seconds',
    'time from sending a batch until its outcome was known',
    [],
    seconds,
  );
  const reruns = metrics.counter(
    'parley_append_queue_reruns_total',
    'batches sent again because their outcome was unknown',
    [],
  );
  const failures = metrics.counter(
    'parley_append_queue_failures_total',
    'batches with messages that the database could not store',
    [],
  );
  return {
    onBatch: ({ rows: count, tries, waitedMs, tookMs }) => {
      rows.observe(count);
      waits.observe(waitedMs / 1_000);
      commits.observe(tookMs / 1_000);
      if (tries > 1) log.info({ tries, count }, 'batch committed after retries');
    },
    onDoubt: (err) => {
      reruns.inc();
      log.warn({ err }, 'outcome of a batch unknown; sending it again');
    },
    onFailed: (err) => {
      failures.inc();
      log.error({ err }, 'messages could not be stored; their senders were notified');
    },
  };
}

/** Parts of a chat server that metrics describe. */
interface ChatParts {
  readonly channels: Channels;
  readonly sessions: Sessions;
  readonly lease: Lease;
  readonly appendQueue: AppendQueue;
  readonly usage: Usage;
  readonly unread: MemoryBudget;
}

/** Registers the gauges of streams, channels and memory. */
function countState(metrics: Metrics, parts: ChatParts): void {
  metrics.gauge('parley_streams', 'open streams', () => parts.sessions.size);
  metrics.gauge('parley_users_online', 'users with an open inbox or chat stream', () => parts.sessions.users);
  metrics.gauge('parley_channels', 'channels in memory', () => parts.channels.size);
  metrics.gauge(
    'parley_append_queue_bytes',
    'bytes of entries that wait or are in flight',
    () => parts.appendQueue.bytes,
  );
  metrics.gauge('parley_ring_bytes', 'memory of all ring buffers, in bytes', () => parts.channels.ringBytes);
  metrics.gauge(
    'parley_stream_unread_bytes',
    'bytes that wait for the client of one stream alone',
    () => parts.unread.held,
  );
  metrics.gauge(
    'parley_lease_age_seconds',
    'time since the last confirmed heartbeat was sent',
    () => parts.lease.ageMs(moment()) / 1_000,
  );
}

/** Registers the metric of messages. Returns the function that counts one. */
function countMessages(metrics: Metrics): ChatCounters['onPublished'] {
  const messages: Record<PublishedHow, number> = { stored: 0, relayed: 0, lossy: 0 };
  const messagesHelp =
    'entries and messages accepted from users: stored in a channel with history, relayed in one without, or lossy';
  metrics.totals('parley_messages_total', messagesHelp, 'how', () => messages);
  return (how) => {
    messages[how] += 1;
  };
}

/**
 * Registers the metrics of channels and streams. Counters grow as events happen; gauges are read at
 * each scrape.
 */
export function countChat(metrics: Metrics, parts: ChatParts): ChatCounters {
  const sums = { writes: 0, deliveries: 0 };
  metrics.total('parley_writes_total', 'writes to subscribers', () => sums.writes);
  metrics.total('parley_deliveries_total', 'frames written to subscribers', () => sums.deliveries);
  metrics.total('parley_stored_bytes_total', 'bytes that this server stored in logs', () => parts.usage.storedBytes);
  const resetHelp =
    'streams reset, by cause: the subscriber fell behind, did not read its goodbye, did not finish its replay, held too much memory, or was a silent relay';
  const resets = metrics.counter('parley_resets_total', resetHelp, ['why'], causes);
  const resumeHelp = 'opened streams by the outcome of their request to resume';
  const resumes = metrics.counter('parley_resumes_total', resumeHelp, ['outcome'], Object.values(resumptions));
  const fenced = metrics.counter(
    'parley_fenced_total',
    'messages not written because another server owns the channel',
    [],
  );
  const left = metrics.counter(
    'parley_channels_left_total',
    'channels that this server gave up, by cause',
    ['why'],
    departures,
  );
  countState(metrics, parts);
  return {
    onWrite(frames) {
      sums.writes += 1;
      sums.deliveries += frames;
    },
    onPublished: countMessages(metrics),
    onReset: (why) => resets.inc({ why }),
    onResume: (outcome) => resumes.inc({ outcome: resumptions[outcome] }),
    onFenced: () => fenced.inc(),
    onLeft: (why, channels) => left.inc({ why }, channels),
  };
}

/** Registers the metrics of the reconciler and the drain. */
export function countBackground(
  metrics: Metrics,
  { reconciler, drain }: { reconciler: Reconciler; drain: Drain },
): void {
  metrics.levels('parley_seats', 'seats at this server, by state', 'state', () => reconciler.seats);
  metrics.gauge('parley_draining', '1 while this server drains, else 0', () => Number(drain.begun));
}

/** Registers the metrics of relays. */
export function countRelays(metrics: Metrics, relays: Relays): void {
  metrics.gauge('parley_relays', 'open relays of gateways', () => relays.counts.relays);
  metrics.gauge('parley_relay_follows', 'channels that relays follow', () => relays.counts.follows);
  metrics.gauge('parley_relay_handles', 'sessions of users for which relays act', () => relays.counts.handles);
}
