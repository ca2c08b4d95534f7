/**
 * Command `npm run soak`: lets users join, send and leave for a while, and checks that memory does
 * not grow.
 */
import { parseArgs } from 'node:util';
import { startPostgres, stopPostgres } from '@parley/testkit';
import { runSoak } from './soak.js';

const help = `npm run soak -- [options]

  --minutes N   duration (default: 10)
  --people N    number of users (default: 100)
  --help        show this help
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    people: { type: 'string', default: '100' },
    help: { type: 'boolean', default: false },
  },
});
const log = (line: string) => void process.stdout.write(`${line}\n`);
const [minutes, people] = [Number(values.minutes), Number(values.people)];
if (values.help || !(minutes > 0 && people > 0)) {
  log(help);
  process.exit(values.help ? 0 : 2);
}
await startPostgres();
const stays = await runSoak({ minutes, people, log });
await stopPostgres();
process.exit(stays ? 0 : 1);
