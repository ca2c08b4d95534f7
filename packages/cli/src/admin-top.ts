import { setTimeout as pause } from 'node:timers/promises';
import { textTable } from '@parley/runtime';
import { exitCodes, Failure } from './failure.js';
import { terminalLine } from './plain-text.js';
import { readRunFacts } from './run-file.js';
import type { CommandSession } from './session.js';

/** The options of `admin top`. */
export interface TopOptions {
  /** Addresses of ops ports. Default: those of the `npm start` of the data folder. */
  readonly ops?: readonly string[];
  readonly data: string;
  /** Seconds between two tables. */
  readonly every: number;
  readonly once: boolean;
}

interface Target {
  readonly name: string;
  readonly ops: string;
}

/** The metrics of one process at one time; no metrics if it does not respond. */
interface Sample {
  readonly atMs: number;
  readonly metrics: ReadonlyMap<string, number>;
  readonly isReady: boolean;
}

const respondsWithinMs = 3_000;
const none: Sample = { atMs: 0, metrics: new Map(), isReady: false };

function metricsIn(text: string): Map<string, number> {
  const lines = text.matchAll(/^([a-z_0-9]+(?:\{[^}]*\})?) (\S+)$/gm);
  return new Map(Array.from(lines, ([, name = '', value]) => [name, Number(value)]));
}

async function sample({ ops }: Target): Promise<Sample> {
  const get = (path: string) => fetch(`http://${ops}${path}`, { signal: AbortSignal.timeout(respondsWithinMs) });
  try {
    const [metrics, ready] = await Promise.all([get('/metrics').then((one) => one.text()), get('/readyz')]);
    return { atMs: performance.now(), metrics: metricsIn(metrics), isReady: ready.ok };
  } catch {
    return none;
  }
}

/** Returns the sum of the metrics that a process has; null if it has none of them. */
function sumOf({ metrics }: Sample, ...names: readonly string[]): number | null {
  const found = names.flatMap((name) => metrics.get(name) ?? []);
  return found.length === 0 ? null : found.reduce((sum, one) => sum + one, 0);
}

/** Counters of messages: those that a chat server has stored, or that a gateway has received. */
const messages = ['parley_append_queue_batch_rows_sum', 'parley_relay_frames_total{kind="entry"}'] as const;

function perSecond(before: Sample, now: Sample): number | null {
  const [first, last] = [sumOf(before, ...messages), sumOf(now, ...messages)];
  if (first === null || last === null || last < first) return null; // The process has restarted.
  return (last - first) / ((now.atMs - before.atMs) / 1_000);
}

function stateOf(now: Sample): string {
  if (now === none) return 'no response';
  if (sumOf(now, 'parley_draining') === 1) return 'draining';
  return now.isReady ? 'ready' : 'not ready';
}

function inMs(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 1_000);
}

function loadOf({ name, ops }: Target, before: Sample, now: Sample) {
  return {
    name,
    ops,
    state: stateOf(now),
    streams: sumOf(now, 'parley_streams', 'parley_inboxes', 'parley_web_streams'),
    users: sumOf(now, 'parley_seats{state="live"}'),
    connections: sumOf(now, 'parley_connections'),
    messages_per_second: perSecond(before, now),
    heartbeat_age_ms: inMs(sumOf(now, 'parley_lease_age_seconds', 'parley_inbox_round_age_seconds')),
    lag_ms: inMs(sumOf(now, 'nodejs_eventloop_lag_p99_seconds')),
    memory_bytes: sumOf(now, 'process_resident_memory_bytes'),
  };
}

type TopValue = ReturnType<typeof loadOf>;

function topTable(values: readonly TopValue[]): string {
  const cell = (value: number | null, unit = '', digits = 0) => (value === null ? '' : value.toFixed(digits) + unit);
  const rows = values.map((one) => [
    terminalLine(one.name),
    one.state,
    cell(one.streams),
    cell(one.users),
    cell(one.connections),
    cell(one.messages_per_second, '', 1),
    cell(one.heartbeat_age_ms, ' ms'),
    cell(one.lag_ms, ' ms'),
    cell(one.memory_bytes === null ? null : one.memory_bytes / 1_048_576, ' MiB'),
  ]);
  const heads = ['process', 'state', 'streams', 'users', 'connections', 'messages/s', 'heartbeat', 'lag', 'memory'];
  return textTable(heads, rows);
}

/** @throws {Failure} if no `npm start` runs and no addresses are given */
async function targetsOf({ ops, data }: TopOptions): Promise<Target[]> {
  if (ops !== undefined) return ops.map((address) => ({ name: address, ops: address }));
  const run = await readRunFacts(data).catch(() => undefined);
  if (run !== undefined) return run.services.map(({ name, admin }) => ({ name, ops: admin }));
  const words = `No \`npm start\` runs with the data folder ${terminalLine(data)}. Choose another with --data, or name ops ports with --ops.`;
  throw new Failure('unreachable', exitCodes.unreachable, words);
}

/** Prints the load of every process, until Ctrl-C or only once. */
export async function showTop(session: CommandSession, options: TopOptions): Promise<void> {
  const isLive = process.stdout.isTTY && !options.once && !session.json;
  let before = new Map<string, Sample>();
  for (let n = 0; ; n++) {
    const targets = await targetsOf(options);
    const samples = new Map(await Promise.all(targets.map(async (one) => [one.ops, await sample(one)] as const)));
    const values = targets.map((one) => loadOf(one, before.get(one.ops) ?? none, samples.get(one.ops) ?? none));
    if (n > 0 && isLive) process.stdout.write('\u001b[H\u001b[2J');
    if (n > 0) session.print(topTable(values), values); // The first samples only begin the counts.
    if (n > 0 && options.once) return;
    before = samples;
    await pause(options.every * 1_000);
  }
}
