import { CommanderError } from 'commander';
import { explain } from './explain.js';
import { readOptions, type StartOptions } from './options.js';
import { watchNpm } from './parent-watch.js';
import { Supervisor } from './supervisor.js';

const couldNotStart = 2;
/**
 * A second signal within this time, in milliseconds, counts as a repetition of the first, because
 * npm forwards the terminal's Ctrl-C.
 */
const sameSignalMs = 700;
const forceWithinMs = 3_000;

function print(line: string): void {
  process.stdout.write(`parley: ${line}\n`);
}

function optionsOrExit(): StartOptions {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : couldNotStart);
    throw error;
  }
}

/** Shuts down cleanly on the first signal, and by force on the second. */
function stopOnSignals(supervisor: Supervisor): void {
  let firstAt: number | undefined;
  const onSignal = () => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      print('stopping; press Ctrl-C again to force it');
      supervisor.requestStop('order');
    } else if (performance.now() - firstAt > sameSignalMs) {
      supervisor.kill();
      process.exitCode = 1;
      setTimeout(() => process.exit(), forceWithinMs);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  // SIGHUP reloads certificates and must not stop anything. A closed terminal ends npm, which
  // `watchNpm` notices.
  process.on('SIGHUP', () => supervisor.passOn('SIGHUP'));
}

/**
 * Reports errors of this process while everything runs, for example a full disk, without stopping
 * the services.
 */
function surviveErrors(): void {
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(kind, (cause: unknown) =>
      print(`unexpected error in the supervisor (${cause instanceof Error ? cause.stack : cause})`),
    );
  }
}

async function main(): Promise<void> {
  // The reader may be gone, because the terminal was closed or npm was killed.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const options = optionsOrExit();
  const supervisor = new Supervisor(options, print);
  surviveErrors();
  stopOnSignals(supervisor);
  watchNpm(() => supervisor.requestStop('hurry'));
  try {
    await supervisor.run();
    await supervisor.stop();
    print('stopped');
  } catch (error) {
    process.stderr.write(`parley: ${await explain(error, options.data)}\n`);
    process.exitCode = couldNotStart;
    await supervisor.stop();
  }
  process.exit();
}

await main();
