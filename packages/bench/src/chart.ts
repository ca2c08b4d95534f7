import { spreadOf } from './figures.js';
import type { BenchRound } from './rounds.js';
import type { SuiteResult } from './suite.js';

const barHeight = 18;
const headHeight = 34;
const left = 90;
const barWidth = 560;
const width = 800;
const colours: Readonly<Record<string, string>> = { ours: '#1f6feb' };
const otherColour = '#9aa4b2';

function number(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}

/** Draws a bar for the median and a line for the range. */
function bar(target: string, rounds: readonly BenchRound[], most: number, y: number): string {
  const spread = spreadOf(rounds.map(({ value }) => value));
  const x = (value: number) => (left + (value / most) * barWidth).toFixed(1);
  const middle = y + barHeight / 2;
  const colour = colours[target] ?? otherColour;
  return `<text x="${left - 8}" y="${middle + 4}" text-anchor="end">${target}</text>
<rect x="${left}" y="${y + 2}" width="${((spread.median / most) * barWidth).toFixed(1)}" height="${barHeight - 4}" fill="${colour}"/>
<path d="M${x(spread.least)} ${middle}H${x(spread.most)}" stroke="#24292f"/>
<text x="${Number(x(spread.most)) + 6}" y="${middle + 4}">${number(spread.median)}</text>`;
}

function panel({ shape, description, figure, lowerIsBetter, rounds }: SuiteResult, top: number): string {
  const most = Math.max(...[...rounds.values()].flat().map(({ value }) => value));
  const title = `<text x="8" y="${top + 22}" font-weight="bold">${shape}: ${description} (${figure}, ${lowerIsBetter ? 'lower' : 'higher'} is better)</text>`;
  const bars = [...rounds].map(([target, own], at) => bar(target, own, most, top + headHeight + at * barHeight));
  return [title, ...bars].join('\n');
}

/** Draws the results as SVG, one panel with its own scale per shape. */
export function drawChart(results: readonly SuiteResult[]): string {
  let top = 0;
  const panels = results.map((one) => {
    const drawn = panel(one, top);
    top += headHeight + one.rounds.size * barHeight + 8;
    return drawn;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top + 8}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
${panels.join('\n')}
</svg>
`;
}
