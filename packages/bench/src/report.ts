import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { drawChart } from './chart.js';
import { type Spread, spreadOf } from './figures.js';
import type { BenchRound } from './rounds.js';
import type { SuiteResult } from './suite.js';

/** Column titles of the table. */
export const heads = [
  'shape',
  'target',
  'median',
  'range',
  'p99 ms',
  'frames/write',
  'generator',
  'ratio',
  'range',
  'valid',
];

/** Formats a figure. */
export function short(value: number): string {
  if (Number.isNaN(value)) return '';
  if (value >= 10_000) return `${(value / 1_000).toFixed(0)} k`;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function range({ least, most }: Spread): string {
  return `${short(least)} - ${short(most)}`;
}

/** Returns the ratios of two targets, pair by pair. */
function ratios(one: readonly BenchRound[], other: readonly BenchRound[]): Spread {
  return spreadOf(one.map(({ value }, pair) => value / (other[pair]?.value ?? Number.NaN)));
}

/**
 * Returns the ratio that `ratioNote` describes, or undefined for the target to which others are
 * compared.
 */
function ratio({ rounds, base }: SuiteResult, own: readonly BenchRound[]): Spread | undefined {
  const fixed = rounds.get(base ?? 'ours');
  if (fixed === undefined || fixed === own) return undefined;
  return base === undefined ? ratios(fixed, own) : ratios(own, fixed);
}

function ratioNote({ rounds, base }: SuiteResult): string {
  if (base !== undefined) return `; ratio: this / ${base}`;
  return rounds.has('ours') && rounds.size > 1 ? '; ratio: ours / this' : '';
}

function row(results: SuiteResult, target: string, own: readonly BenchRound[]): string[] {
  const values = spreadOf(own.map(({ value }) => value));
  const middle = (of: (round: BenchRound) => number) => short(spreadOf(own.map(of)).median);
  const beside = ratio(results, own);
  const valid = own.filter(({ faults }) => faults.length === 0).length;
  return [
    results.shape,
    target,
    short(values.median),
    range(values),
    middle(({ p99Ms }) => p99Ms),
    middle(({ framesPerWrite }) => framesPerWrite),
    middle(({ generatorShare }) => generatorShare),
    beside === undefined ? '' : beside.median.toFixed(2),
    beside === undefined ? '' : `${beside.least.toFixed(2)} - ${beside.most.toFixed(2)}`,
    `${valid} of ${own.length}`,
  ];
}

/** Returns the rows of the table, shape by shape. */
export function tableRows(results: readonly SuiteResult[]): string[][] {
  return results.flatMap((one) => [...one.rounds].map(([target, own]) => row(one, target, own)));
}

/** Returns whether every round is valid. */
export function isValid(results: readonly SuiteResult[]): boolean {
  return results.every(({ rounds }) => [...rounds.values()].flat().every(({ faults }) => faults.length === 0));
}

const explanations = [
  'plain: grpc-js, one write per message and member. ours: the chat server as deployed, with tokens, seats and its ring; only the rate',
  'limits are raised. raw: hand-written node:http2, frames joined once per turn. ws: the ws package, encoded once. None uses TLS or compression.',
  'All servers decode, check, stamp and encode 64 bytes of data. One sender per channel, which also receives its messages. One connection per stream, except in `shared`.',
  'CPU is user and system time of the server process. The bytes of each listener are compared with a decoded and checked copy.',
];

/** Returns a text that explains the figures and describes the machine and its load. */
export function legend(results: readonly SuiteResult[]): string {
  const [cpu] = cpus();
  const load = loadavg().map((value) => value.toFixed(1));
  const shapes = results.map(
    (one) =>
      `${one.shape}: ${one.description}; ${one.figure}${one.lowerIsBetter ? ', lower is better' : ''}${ratioNote(one)}`,
  );
  const machine = `${cpus().length} x ${cpu?.model}, Node ${process.versions.node}; load average at the end ${load.join(' ')}`;
  return `${[...shapes, '', ...explanations, '', machine].join('\n')}\n`;
}

function markdown(results: readonly SuiteResult[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const table = [heads, heads.map(() => '---'), ...tableRows(results)].map(line).join('');
  const state = isValid(results) ? 'Every round is valid.' : '**Some rounds are not valid, so this run is not valid.**';
  return `# Bench\n\n${state}\n\n${table}\n\`\`\`\n${legend(results)}\`\`\`\n\n![chart](bench.svg)\n`;
}

/** Writes `bench.md` and `bench.svg`. */
export async function writeReport(folder: string, results: readonly SuiteResult[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'bench.md'), markdown(results));
  await writeFile(join(folder, 'bench.svg'), drawChart(results));
}
