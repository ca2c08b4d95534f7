import { CommanderError } from 'commander';
import { describeFailure, exitCodes, failureFrom } from './failure.js';
import { output } from './output.js';
import { parleyCommand } from './program.js';

const args = process.argv.slice(2);

function fail(thrown: unknown): void {
  const failure = failureFrom(thrown);
  process.exitCode = failure.exitCode;
  output.complain(describeFailure(failure, args.includes('--json')));
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => process.exit(exitCodes.ok));
}
try {
  await parleyCommand().parseAsync(args, { from: 'user' });
} catch (thrown) {
  if (!(thrown instanceof CommanderError) || thrown.exitCode !== 0) fail(thrown);
}
process.exit();
