import { textTable } from '@parley/runtime';
import { checkHistory, countFaults, type Fault, type FaultKind, type RecordedHistory } from '@parley/testkit';
import type { Disturbance } from './disturbance.js';
import type { DrillLoad } from './load.js';
import { staleOwnerPrefix } from './takeover.js';
import { lateMs } from './talker.js';

/** Result of one disturbance. */
export interface Round {
  readonly disturbance: Disturbance;
  /** For each user, the longest time without an ack, in ms. */
  readonly silentMs: readonly number[];
  /** Longest time for which the event loop of the drill did not run, in ms. */
  readonly ownDelayMs: number;
  readonly complaints: readonly string[];
  readonly notes: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

/** Time without service after one kind of disturbance. */
export interface Recovery {
  readonly disturbance: string;
  readonly times: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly mostMs: number;
  readonly boundMs: number;
  /**
   * Longest time for which the drill itself did not run, in ms. All users of the drill are in one
   * process, so the other times include such delays.
   */
  readonly ownDelayMs: number;
}

/** Result of a drill. */
export interface DrillVerdict {
  readonly recoveries: readonly Recovery[];
  readonly counts: Readonly<Record<string, number>>;
  /** Everything that went wrong. If empty, the drill has passed. */
  readonly wrong: readonly string[];
  readonly histories: readonly RecordedHistory[];
}

const maxListed = 20;

/** Kinds of faults that the checker finds, by their phrase in the report of a drill. */
const kinds: Readonly<Record<string, readonly FaultKind[]>> = {
  lost: ['lost'],
  'stored or received twice': ['stored twice', 'received twice'],
  'out of order or missing': ['seq gap', 'out of order', 'silent gap'],
  'two owners of one seq': ['another order', 'received, not stored'],
  'delivered after removal': ['received while away'],
};

/** Returns a quantile, for example for the share 0.95. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function recoveryOf(disturbance: Disturbance, rounds: readonly Round[]): Recovery {
  const own = rounds.filter((one) => one.disturbance === disturbance);
  const silentMs = own.flatMap((one) => one.silentMs);
  return {
    disturbance: disturbance.name,
    times: own.length,
    p50Ms: quantile(silentMs, 0.5),
    p95Ms: quantile(silentMs, 0.95),
    mostMs: quantile(silentMs, 1),
    boundMs: disturbance.backWithinMs,
    ownDelayMs: Math.max(...own.map((one) => one.ownDelayMs)),
  };
}

function tooLate({ disturbance, p95Ms, boundMs }: Recovery): string[] {
  return p95Ms > boundMs
    ? [`${disturbance}: 95 % of users were served again after ${p95Ms} ms, but the bound is ${boundMs} ms`]
    : [];
}

/** Returns a complaint if messages that were sent to a replaced server are stored. */
function storedByReplaced({ channel, stored }: RecordedHistory): string[] {
  const found = stored.filter(({ name }) => name.startsWith(staleOwnerPrefix));
  return found.length > 0 ? [`${channel}: ${found.length} messages stored by a replaced owner`] : [];
}

/** Adds up the counts of all rounds. */
function sumCounts(rounds: readonly Round[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [what, n] of rounds.flatMap(({ counts }) => Object.entries(counts))) sums[what] = (sums[what] ?? 0) + n;
  return sums;
}

function countsOf(load: DrillLoad, histories: readonly RecordedHistory[], faults: readonly Fault[]) {
  const sum = (of: (one: RecordedHistory) => number) => histories.reduce((total, one) => total + of(one), 0);
  const byKind = countFaults(faults);
  const found = Object.entries(kinds).map(([words, own]) => [words, own.reduce((n, kind) => n + byKind[kind], 0)]);
  return {
    acked: sum(({ acked }) => acked.length),
    stored: sum(({ stored }) => stored.length),
    received: sum(({ readers }) => readers.reduce((n, { received }) => n + received.length, 0)),
    ...(Object.fromEntries(found) as Record<string, number>),
    [`acked later than ${lateMs / 1_000} s`]: load.talkers.reduce((n, { late }) => n + late, 0),
    ...load.counts(),
  };
}

/** Stops the load, and compares the stored entries with those that each user received. */
export async function judge(load: DrillLoad, rounds: readonly Round[]): Promise<DrillVerdict> {
  const over = load.talkers.filter((one) => one.endReason !== undefined);
  const unanswered = await load.settle();
  const histories = await load.histories();
  const faults = histories.flatMap(checkHistory);
  const recoveries = [...new Set(rounds.map(({ disturbance }) => disturbance))].map((one) => recoveryOf(one, rounds));
  const wrong = [
    ...(rounds.length === 0 ? ['nothing was disturbed'] : []),
    ...rounds.flatMap(({ disturbance, complaints }) => complaints.map((one) => `${disturbance.name}: ${one}`)),
    ...recoveries.flatMap(tooLate),
    ...histories.flatMap(storedByReplaced),
    ...unanswered.map((words) => `unanswered: ${words}`),
    ...over.map((one) => `${one.name} was disconnected for good: ${one.endReason}`),
    ...load.complaints(),
    ...faults.map(({ kind, words }) => `${kind}: ${words}`),
  ];
  return { recoveries, counts: { ...countsOf(load, histories, faults), ...sumCounts(rounds) }, wrong, histories };
}

function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1_000).toFixed(1)} s` : '';
}

/** Formats a verdict for people. */
export function describeVerdict({ recoveries, counts, wrong }: DrillVerdict): string {
  const rows = recoveries.map(({ disturbance, times, p50Ms, p95Ms, mostMs, boundMs, ownDelayMs }) => [
    disturbance,
    String(times),
    ...[p50Ms, p95Ms, mostMs, boundMs, ownDelayMs].map(seconds),
  ]);
  const heads = ['time without service after', 'times', 'p50', 'p95', 'max', 'p95 bound', 'delay of the drill'];
  const counted = Object.entries(counts).map(([what, n]) => [what, String(n)]);
  const rest = wrong.length > maxListed ? [`and ${wrong.length - maxListed} more`] : [];
  const lines = [...wrong.slice(0, maxListed), ...rest].map((one) => `WRONG: ${one}`);
  const end = wrong.length === 0 ? 'PASSED' : 'FAILED';
  return [textTable(heads, rows), textTable(['counted', ''], counted), ...lines, end].join('\n');
}
