import { parseArgs } from 'node:util';
import { type BenchTarget, rungs } from './rungs.js';
import { shapes } from './shapes.js';

export interface Options {
  readonly shapes: readonly string[];
  readonly rungs: readonly BenchTarget[];
  readonly pairs: number;
  readonly seconds: number;
  readonly report: string | undefined;
}

const shapeNames = [...Object.keys(shapes), 'idle', 'append', 'dead', 'replay', 'servers'];

export const help = `npm run bench -- [options]

  --shapes a,b   of ${shapeNames.join(', ')}; all
  --rungs a,b    of ${rungs.join(', ')}; all
  --pairs N      rounds of each rung, interleaved; 7
  --seconds S    measured per round, behind a warm-up of half of it; 2
  --report DIR   writes bench.md and bench.svg there
  --help         this
`;

function choose<T extends string>(given: string | undefined, known: readonly T[], what: string): readonly T[] {
  if (given === undefined) return known;
  return given.split(',').map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw new Error(`there is no ${what} ${name}: choose of ${known.join(', ')}`);
    return found;
  });
}

function positive(given: string, name: string): number {
  const value = Number(given);
  if (!(value > 0 && value <= 100)) throw new Error(`--${name} is a number up to 100`);
  return value;
}

/**
 * What the command line asks for; undefined where that is help.
 * @throws {Error} one sentence where it cannot be understood.
 */
export function readBenchOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      shapes: { type: 'string' },
      rungs: { type: 'string' },
      pairs: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '2' },
      report: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    shapes: choose(values.shapes, shapeNames, 'shape'),
    rungs: choose(values.rungs, rungs, 'rung'),
    pairs: Math.ceil(positive(values.pairs, 'pairs')),
    seconds: positive(values.seconds, 'seconds'),
    report: values.report,
  };
}
