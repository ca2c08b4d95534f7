import { parseArgs } from 'node:util';
import { edgeShapes } from './edge.js';
import { shapes } from './shapes.js';
import { type BenchTarget, targets } from './targets.js';

/** Options of the command. */
export interface Options {
  readonly shapes: readonly string[];
  readonly targets: readonly BenchTarget[];
  readonly pairs: number;
  readonly seconds: number;
  /** Messages of the shape `search`. */
  readonly rows: number;
  /** Inboxes of the shape `inboxes`. */
  readonly inboxes: number;
  /** Readers of the shapes `edges` and `sse`. */
  readonly readers: number;
  /** People of the shape `resumes`. */
  readonly people: number;
  readonly report: string | undefined;
}

const shapeNames = [
  ...Object.keys(shapes),
  'idle',
  'inboxes',
  'edges',
  'sse',
  'rest',
  'resumes',
  'append',
  'inbox',
  'search',
  'receipts',
  'dead',
  'replay',
  'servers',
  ...edgeShapes,
];

export const help = `npm run bench -- [options]

  --shapes a,b   some of ${shapeNames.join(', ')} (default: all)
  --targets a,b  some of ${targets.join(', ')} (default: all)
  --pairs N      interleaved rounds of each target (default: 7)
  --seconds S    measured time per round, after a warm-up of half of it (default: 2)
  --rows N       messages of the shape search (default: 100000; the goal is stated for 1000000)
  --inboxes N    idle inboxes of the shape inboxes (default: 10000)
  --readers N    readers of the shapes edges and sse (default: 1000; the goals are stated for 5000)
  --people N     people of the shape resumes (default: 1000)
  --report DIR   write bench.md and bench.svg to a folder
  --help         show this help
`;

function choose<T extends string>(given: string | undefined, known: readonly T[], kind: string): readonly T[] {
  if (given === undefined) return known;
  return given.split(',').map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw new Error(`There is no ${kind} ${name}. Choose from ${known.join(', ')}.`);
    return found;
  });
}

function positive(given: string, name: string, most = 100): number {
  const value = Number(given);
  if (!(value > 0 && value <= most)) throw new Error(`--${name} takes a number above 0, up to ${most}.`);
  return value;
}

/**
 * Parses the command line. Returns undefined for `--help`.
 * @throws {Error} if it is not valid
 */
export function readBenchOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      shapes: { type: 'string' },
      targets: { type: 'string' },
      pairs: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '2' },
      rows: { type: 'string', default: '100000' },
      inboxes: { type: 'string', default: '10000' },
      readers: { type: 'string', default: '1000' },
      people: { type: 'string', default: '1000' },
      report: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    shapes: choose(values.shapes, shapeNames, 'shape'),
    targets: choose(values.targets, targets, 'target'),
    pairs: Math.ceil(positive(values.pairs, 'pairs')),
    seconds: positive(values.seconds, 'seconds'),
    rows: Math.ceil(positive(values.rows, 'rows', 10_000_000)),
    inboxes: Math.ceil(positive(values.inboxes, 'inboxes', 15_000)),
    readers: Math.ceil(positive(values.readers, 'readers', 10_000)),
    people: Math.ceil(positive(values.people, 'people', 4_000)),
    report: values.report,
  };
}
