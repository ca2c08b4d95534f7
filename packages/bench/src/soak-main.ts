/** `npm run soak`: people come, talk and go; does memory stay? */
import { parseArgs } from 'node:util';
import { startPostgres, stopPostgres } from '@parley/testkit';
import { runSoak } from './soak.js';

const help = `npm run soak -- [options]

  --minutes N   how long; 10
  --people N    how many come and go; 100
  --help        this
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    people: { type: 'string', default: '100' },
    help: { type: 'boolean', default: false },
  },
});
const say = (line: string) => void process.stdout.write(`${line}\n`);
const [minutes, people] = [Number(values.minutes), Number(values.people)];
if (values.help || !(minutes > 0 && people > 0)) {
  say(help);
  process.exit(values.help ? 0 : 2);
}
await startPostgres();
const stays = await runSoak({ minutes, people, say });
await stopPostgres();
process.exit(stays ? 0 : 1);
