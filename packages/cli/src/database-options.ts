import { type Command, Option } from 'commander';
import { usage } from './failure.js';
import { defaultData } from './run-file.js';

/**
 * Refuses a variable of the environment that would overrule an option of the command line.
 * @throws {Failure}
 */
function refuseOverruling(command: Command): void {
  const isFrom = (source: string, option: string) => command.getOptionValueSource(option) === source;
  const overruled = ['databaseFile', 'data'].filter((option) => isFrom('cli', option));
  const ruling = ['database', 'databaseFile'].find((option) => command.getOptionValue(option) !== undefined);
  if (ruling === undefined || !isFrom('env', ruling) || overruled.length === 0) return;
  const [variable, flag] = [ruling, ...overruled].map((name) =>
    command.options.find((one) => one.attributeName() === name),
  );
  throw usage(`${variable?.envVar} and ${flag?.long} name two databases. Unset the variable, or leave out the option.`);
}

/** Adds the options that choose the database, for commands that only its owner can run. */
export function addDatabaseOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--database <url>', 'the database, as its owner (default: that of the data folder)').env(
        'PARLEY_DATABASE_URL',
      ),
    )
    .addOption(
      new Option('--database-file <file>', 'a file with the URL of the database').env('PARLEY_DATABASE_URL_FILE'),
    )
    .option('--data <dir>', 'the data folder of `npm start`', defaultData)
    .hook('preAction', refuseOverruling);
}
