import { textTable } from '@parley/runtime';
import { checkHistory, countFaults, type Fault, type FaultKind, type RecordedHistory } from '@parley/testkit';
import type { Load } from './crowd.js';
import { toTheReplaced } from './takeover.js';
import { lateMs } from './talker.js';
import type { Disturbance } from './trouble.js';

/** One trouble that was made. */
export interface Round {
  readonly trouble: Disturbance;
  /** The longest time without an ack of each person. */
  readonly silentMs: readonly number[];
  readonly complaints: readonly string[];
  readonly notes: readonly string[];
}

/** How long people were not served after one kind of trouble. */
export interface Recovery {
  readonly trouble: string;
  readonly times: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly mostMs: number;
  readonly boundMs: number;
}

/** What a drill came to. */
export interface DrillVerdict {
  readonly recoveries: readonly Recovery[];
  readonly counts: Readonly<Record<string, number>>;
  /** Everything that was not as it should be; none: passed. */
  readonly wrong: readonly string[];
  readonly histories: readonly RecordedHistory[];
}

const shown = 20;

/** What the checker's kinds are to those who run a drill. */
const kinds: Readonly<Record<string, readonly FaultKind[]>> = {
  lost: ['lost'],
  'stored or heard twice': ['stored twice', 'heard twice'],
  'out of order or missing': ['seq gap', 'out of order', 'silent gap'],
  'two owners of one seq': ['another order', 'heard, not stored'],
};

/** Which value so many of these are not above, e.g. 0.95. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function recoveryOf(trouble: Disturbance, rounds: readonly Round[]): Recovery {
  const own = rounds.filter((one) => one.trouble === trouble);
  const silentMs = own.flatMap((one) => one.silentMs);
  return {
    trouble: trouble.name,
    times: own.length,
    p50Ms: quantile(silentMs, 0.5),
    p95Ms: quantile(silentMs, 0.95),
    mostMs: quantile(silentMs, 1),
    boundMs: trouble.backWithinMs,
  };
}

function tooLate({ trouble, p95Ms, boundMs }: Recovery): string[] {
  return p95Ms > boundMs ? [`${trouble}: 19 of 20 were served again after ${p95Ms} ms, not ${boundMs} ms`] : [];
}

/** What was said to an owner after it had been replaced has no place in the log. */
function saidToReplaced({ channel, stored }: RecordedHistory): string[] {
  const found = stored.filter(({ name }) => name.startsWith(toTheReplaced));
  return found.length > 0 ? [`${channel}: ${found.length} messages stored by an owner that had been replaced`] : [];
}

function countsOf(crowd: Load, histories: readonly RecordedHistory[], faults: readonly Fault[]) {
  const sum = (of: (one: RecordedHistory) => number) => histories.reduce((total, one) => total + of(one), 0);
  const byKind = countFaults(faults);
  const found = Object.entries(kinds).map(([words, own]) => [words, own.reduce((n, kind) => n + byKind[kind], 0)]);
  return {
    acked: sum(({ acked }) => acked.length),
    stored: sum(({ stored }) => stored.length),
    heard: sum(({ readers }) => readers.reduce((n, { heard }) => n + heard.length, 0)),
    ...(Object.fromEntries(found) as Record<string, number>),
    [`acked later than ${lateMs / 1_000} s`]: crowd.talkers.reduce((n, { late }) => n + late, 0),
  };
}

/** Everybody falls silent; reads what is stored, and compares it with what everybody was told. */
export async function judge(crowd: Load, rounds: readonly Round[]): Promise<DrillVerdict> {
  const over = crowd.talkers.filter((one) => one.over !== undefined);
  const unanswered = await crowd.settle();
  const histories = await crowd.histories();
  const faults = histories.flatMap(checkHistory);
  const recoveries = [...new Set(rounds.map(({ trouble }) => trouble))].map((one) => recoveryOf(one, rounds));
  const wrong = [
    ...(rounds.length === 0 ? ['nothing was drilled'] : []),
    ...rounds.flatMap(({ trouble, complaints }) => complaints.map((one) => `${trouble.name}: ${one}`)),
    ...recoveries.flatMap(tooLate),
    ...histories.flatMap(saidToReplaced),
    ...unanswered.map((words) => `never answered: ${words}`),
    ...over.map((one) => `${one.name} was put out: ${one.over}`),
    ...faults.map(({ kind, words }) => `${kind}: ${words}`),
  ];
  return { recoveries, counts: countsOf(crowd, histories, faults), wrong, histories };
}

function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1_000).toFixed(1)} s` : '';
}

/** A verdict for people. */
export function describeVerdict({ recoveries, counts, wrong }: DrillVerdict): string {
  const rows = recoveries.map(({ trouble, times, p50Ms, p95Ms, mostMs, boundMs }) => [
    trouble,
    String(times),
    ...[p50Ms, p95Ms, mostMs, boundMs].map(seconds),
  ]);
  const heads = ['not served after', 'times', 'p50', 'p95', 'most', 'p95 at most'];
  const counted = Object.entries(counts).map(([what, n]) => [what, String(n)]);
  const rest = wrong.length > shown ? [`and ${wrong.length - shown} more`] : [];
  const lines = [...wrong.slice(0, shown), ...rest].map((one) => `WRONG: ${one}`);
  const end = wrong.length === 0 ? 'PASSED' : 'FAILED';
  return [textTable(heads, rows), textTable(['counted', ''], counted), ...lines, end].join('\n');
}
