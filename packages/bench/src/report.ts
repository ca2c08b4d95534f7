import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { drawChart } from './chart.js';
import { type Spread, spreadOf } from './figures.js';
import type { SuiteResult } from './ladder.js';
import type { BenchRound } from './rounds.js';

export const heads = [
  'shape',
  'rung',
  'median',
  'range',
  'p99 ms',
  'frames/write',
  'generator',
  'ratio',
  'range',
  'valid',
];

/** A figure as people read it. */
export function short(value: number): string {
  if (Number.isNaN(value)) return '';
  if (value >= 10_000) return `${(value / 1_000).toFixed(0)} k`;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function range({ least, most }: Spread): string {
  return `${short(least)} - ${short(most)}`;
}

/** Pair by pair: the one divided by the other. */
function ratios(one: readonly BenchRound[], other: readonly BenchRound[]): Spread {
  return spreadOf(one.map(({ value }, pair) => value / (other[pair]?.value ?? Number.NaN)));
}

/** As `ratioWords` says; undefined where there is nothing to compare with. */
function ratio({ rounds, base }: SuiteResult, own: readonly BenchRound[]): Spread | undefined {
  const fixed = rounds.get(base ?? 'ours');
  if (fixed === undefined || fixed === own) return undefined;
  return base === undefined ? ratios(fixed, own) : ratios(own, fixed);
}

function ratioWords({ rounds, base }: SuiteResult): string {
  if (base !== undefined) return `; ratio: this / ${base}`;
  return rounds.has('ours') && rounds.size > 1 ? '; ratio: ours / this' : '';
}

function row(climbed: SuiteResult, rung: string, own: readonly BenchRound[]): string[] {
  const values = spreadOf(own.map(({ value }) => value));
  const middle = (of: (round: BenchRound) => number) => short(spreadOf(own.map(of)).median);
  const beside = ratio(climbed, own);
  const valid = own.filter(({ faults }) => faults.length === 0).length;
  return [
    climbed.shape,
    rung,
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

/** The lines of the table, a shape after the other. */
export function tableRows(climbed: readonly SuiteResult[]): string[][] {
  return climbed.flatMap((one) => [...one.rounds].map(([rung, own]) => row(one, rung, own)));
}

/** True where every round counts. */
export function isValid(climbed: readonly SuiteResult[]): boolean {
  return climbed.every(({ rounds }) => [...rounds.values()].flat().every(({ faults }) => faults.length === 0));
}

const explanations = [
  'plain: grpc-js, one write per message and member. ours: the chat server as deployed, with tokens, seats and its ring; only the rates',
  'are raised. raw: node:http2 by hand, joined once per turn. ws: the ws package, encoded once, no deflate. Nobody uses TLS or compression.',
  'All decode, bound, stamp and encode 64 bytes of data; one sender per channel, who hears itself; a connection per stream but in shared.',
  'CPU is user and system time of the server process. Each listener is compared byte by byte with a decoded and checked copy.',
];

/** What the figures are of, and where and under what load they were taken. */
export function legend(climbed: readonly SuiteResult[]): string {
  const [cpu] = cpus();
  const load = loadavg().map((value) => value.toFixed(1));
  const shapes = climbed.map(
    (one) => `${one.shape}: ${one.says}; ${one.figure}${one.less ? ', less is better' : ''}${ratioWords(one)}`,
  );
  const machine = `${cpus().length} x ${cpu?.model}, Node ${process.versions.node}; load average at the end ${load.join(' ')}`;
  return `${[...shapes, '', ...explanations, '', machine].join('\n')}\n`;
}

function markdown(climbed: readonly SuiteResult[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const table = [heads, heads.map(() => '---'), ...tableRows(climbed)].map(line).join('');
  const state = isValid(climbed) ? 'Every round is valid.' : '**Some rounds are not valid: this run does not count.**';
  return `# Bench\n\n${state}\n\n${table}\n\`\`\`\n${legend(climbed)}\`\`\`\n\n![chart](bench.svg)\n`;
}

/** Writes `bench.md` and `bench.svg`. */
export async function writeReport(folder: string, climbed: readonly SuiteResult[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'bench.md'), markdown(climbed));
  await writeFile(join(folder, 'bench.svg'), drawChart(climbed));
}
