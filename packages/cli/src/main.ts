import { CommanderError } from 'commander';
import { describeFailure, exitCodes, failureFrom } from './failure.js';
import { output } from './output.js';
import { parleyCommand } from './program.js';
import { CommandSession, type GlobalOptions } from './session.js';

const args = process.argv.slice(2);

const program = parleyCommand();

async function fail(thrown: unknown): Promise<void> {
  const failure = failureFrom(thrown, await new CommandSession(program.opts<GlobalOptions>()).advised());
  process.exitCode = failure.exitCode;
  output.complain(describeFailure(failure, args.includes('--json')));
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => process.exit(exitCodes.ok));
}
try {
  await program.parseAsync(args, { from: 'user' });
} catch (thrown) {
  if (!(thrown instanceof CommanderError) || thrown.exitCode !== 0) await fail(thrown);
}
process.exit();
