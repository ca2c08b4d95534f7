import { CommanderError } from 'commander';
import { explain } from './explain.js';
import { readOptions, type StartOptions } from './options.js';
import { watchNpm } from './parent-watch.js';
import { Supervisor } from './supervisor.js';

const couldNotStart = 2;
/** npm hands the terminal's Ctrl-C on: what comes this soon is the same one. */
const sameSignalMs = 700;
const forceWithinMs = 3_000;

function say(line: string): void {
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

/** The first signal stops in order, another one by force. */
function stopOnSignals(supervisor: Supervisor): void {
  let firstAt: number | undefined;
  const onSignal = () => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      say('stopping; Ctrl-C again forces it');
      supervisor.requestStop('order');
    } else if (performance.now() - firstAt > sameSignalMs) {
      supervisor.kill();
      process.exitCode = 1;
      setTimeout(() => process.exit(), forceWithinMs);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  // A terminal that is closed ends npm, which is watched; whoever sends it to reload certificates wants no end.
  process.on('SIGHUP', () => supervisor.passOn('SIGHUP'));
}

/** What goes wrong while everything runs, as on a full disk, is said; the services are not ended for it. */
function surviveErrors(): void {
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(kind, (cause: unknown) =>
      say(`something went wrong here (${cause instanceof Error ? cause.stack : cause})`),
    );
  }
}

async function main(): Promise<void> {
  // Nobody reads any more: the terminal was closed, or npm killed.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const options = optionsOrExit();
  const supervisor = new Supervisor(options, say);
  surviveErrors();
  stopOnSignals(supervisor);
  watchNpm(() => supervisor.requestStop('hurry'));
  try {
    await supervisor.run();
    await supervisor.stop();
    say('stopped');
  } catch (error) {
    process.stderr.write(`parley: ${await explain(error, options.data)}\n`);
    process.exitCode = couldNotStart;
    await supervisor.stop();
  }
  process.exit();
}

await main();
