import { CommanderError } from 'commander';
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
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
}

async function main(): Promise<void> {
  // Nobody reads any more: the terminal was closed, or npm killed.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const supervisor = new Supervisor(optionsOrExit(), say);
  stopOnSignals(supervisor);
  watchNpm(() => supervisor.requestStop('hurry'));
  try {
    await supervisor.run();
    await supervisor.stop();
    say('stopped');
  } catch (error) {
    process.stderr.write(`parley: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = couldNotStart;
    await supervisor.stop();
  }
  process.exit();
}

await main();
