import { type Command, Option } from 'commander';
import { defaultData } from './run-file.js';

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
    .option('--data <dir>', 'the data folder of `npm start`', defaultData);
}
