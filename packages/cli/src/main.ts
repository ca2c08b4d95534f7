import { exitCodes } from './failure.js';
import { runCommand } from './run.js';

process.noDeprecation = true; // A user of the command can do nothing about such a warning.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => process.exit(exitCodes.ok));
}
await runCommand(process.argv.slice(2));
process.exit();
