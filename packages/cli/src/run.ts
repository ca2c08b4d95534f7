import { CommanderError } from 'commander';
import { sessionOf } from './command-parts.js';
import { describeFailure, failureFrom } from './failure.js';
import { output } from './output.js';
import { parleyCommand } from './program.js';

/** Runs one command. If it fails, prints the failure and sets the exit code of the process. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const program = parleyCommand();
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return;
    const failure = failureFrom(thrown, await sessionOf(program).advised());
    process.exitCode = failure.exitCode;
    output.complain(describeFailure(failure, args.includes('--json')));
  }
}
