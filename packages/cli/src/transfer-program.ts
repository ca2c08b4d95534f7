import { limits } from '@parley/runtime';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { sessionOf } from './command-parts.js';
import { addDatabaseOptions } from './database-options.js';
import type { ExportCommandOptions } from './transfer/export.js';
import type { ImportCommandOptions } from './transfer/import.js';
import { wholeNumber } from './whole-number.js';

const exportHelp = `
An export has everything that these channels show at one moment: people, settings, members, messages and files, as lines
of JSON. Parley may run meanwhile. It contains private messages, so only you can read the file. docs/export.md describes
each line.`;

const channelId = wholeNumber(1, limits.channelId);

function moreChannels(text: string, ids: readonly number[] = []): number[] {
  return [...ids, channelId(text)];
}

function sourceName(text: string): string {
  if (/^[A-Za-z0-9._-]{1,100}$/.test(text)) return text;
  throw new InvalidArgumentError('Use a name of 1 to 100 of A-Z a-z 0-9 . _ and -.');
}

const importHelp = `
The whole file is checked first, and nothing is written if something is wrong. Parley may run meanwhile: each channel
appears when all of it is there. If the command is interrupted, run it again. What was imported before is not imported
again. People get new accounts, without passwords. --people names existing accounts for some of them.`;

// The modules of these commands are imported late, because other commands do not need the database.

/** Adds the commands that move channels between systems. */
export function addTransfers(program: Command): void {
  addDatabaseOptions(program.command('export <file>'))
    .description('write channels into a file, as lines of JSON; `-` writes to the terminal or a pipe')
    .option('--channel <id>', 'a channel to export; can be given several times', moreChannels)
    .option('--all', 'export all channels', false)
    .addHelpText('after', exportHelp)
    .action(async (file: string, options: ExportCommandOptions, command: Command) => {
      const { exportChannels } = await import('./transfer/export.js');
      await exportChannels(sessionOf(command), file, options);
    });
  addDatabaseOptions(program.command('import <file>'))
    .description('import channels from a file of `parley export`, or from the export of another system')
    .addOption(
      new Option('--from <system>', 'the system of the export')
        .choices(['parley', 'slack', 'mattermost', 'discord'])
        .default('parley'),
    )
    .option('--source <name>', 'a name for the exported system, such as that of its server', sourceName)
    .option('--people <file>', 'a JSON file with the user ids that people get here, such as {"dora": "dora2"}')
    .option('--dry-run', 'only check the file, and say what would be imported', false)
    .addHelpText('after', importHelp)
    .action(async (file: string, options: ImportCommandOptions, command: Command) => {
      const { importChannels } = await import('./transfer/import.js');
      await importChannels(sessionOf(command), file, options);
    });
}
