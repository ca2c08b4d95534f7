/** Command `npm run sizing`: measures what people and messages cost, for docs/sizing.md. */
import { parseArgs } from 'node:util';
import { startPostgres, stopPostgres } from '@parley/testkit';
import { reportSizing } from './sizing-report.js';

const help = `npm run sizing -- [options]     (Linux only)

  --people N       people with an open inbox (default: 1000)
  --per-second N   messages per second, from all people (default: 5.5, which is 20 per person and hour)
  --seconds S      duration of each measured phase (default: 60)
  --rows N         messages whose disk space is measured (default: 100000)
  --help           show this help
`;

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '1000' },
    'per-second': { type: 'string', default: '5.5' },
    seconds: { type: 'string', default: '60' },
    rows: { type: 'string', default: '100000' },
    help: { type: 'boolean', default: false },
  },
});
const log = (line: string) => void process.stdout.write(`${line}\n`);
const [people, perSecond, seconds, rows] = [values.people, values['per-second'], values.seconds, values.rows].map(
  Number,
);
const plan = { people: people ?? 0, perSecond: perSecond ?? 0, seconds: seconds ?? 0, rows: rows ?? 0, log };
const isValid = [plan.people, plan.perSecond, plan.seconds, plan.rows].every((number) => number > 0);
if (values.help || !isValid || process.platform !== 'linux') {
  log(help);
  process.exit(values.help ? 0 : 2);
}
await startPostgres();
try {
  await reportSizing(plan);
} finally {
  await stopPostgres();
}
