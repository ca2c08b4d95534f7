import type { Command } from 'commander';
import type { BackupCommandOptions, RestoreCommandOptions } from './backup/backup.js';
import type { MigrateCommandOptions } from './backup/migrate.js';
import { sessionOf } from './command-parts.js';
import { addDatabaseOptions } from './database-options.js';
import { wholeNumber } from './whole-number.js';

const backupHelp = `
A backup has everything that was committed before one moment; Parley may run meanwhile. Files in S3 are not in it.
It contains private messages, password hashes and secrets of webhooks, so only you can read the file. Encrypt it if it
leaves the machine.`;

const restoreHelp = `
The whole file is checked first. Then everything is restored in one transaction: after an error, nothing has changed.
Stop Parley first. Every channel gets a new log, so that clients do not skip new messages.`;

// The modules of these commands are imported late, because other commands do not need the database.

/** Adds the commands that back up, restore and migrate the database. */
export function addBackups(program: Command): void {
  addDatabaseOptions(program.command('backup <file>'))
    .description('write a backup of the database into a file, and replace an earlier file of this name')
    .option('--encrypt', 'encrypt it with a passphrase, which the command asks for', false)
    .option('--passphrase-file <file>', 'encrypt it with the passphrase in this file')
    .option(
      '--keep <n>',
      'take <file> as a folder: write a new file there, and remove all but the newest <n> whole backups',
      wholeNumber(1, 10_000),
    )
    .addHelpText('after', backupHelp)
    .action(async (file: string, options: BackupCommandOptions, command: Command) => {
      const { makeBackup } = await import('./backup/backup.js');
      await makeBackup(sessionOf(command), file, options);
    });
  addDatabaseOptions(program.command('restore <file>'))
    .description('restore a backup into an empty database')
    .option('--passphrase-file <file>', 'a file with the passphrase of the backup')
    .option('--replace', 'delete all data of Parley in the database first', false)
    .option('--check', 'only check the file', false)
    .addHelpText('after', restoreHelp)
    .action(async (file: string, options: RestoreCommandOptions, command: Command) => {
      const { restoreFrom } = await import('./backup/backup.js');
      await restoreFrom(sessionOf(command), file, options);
    });
  addDatabaseOptions(program.command('migrate'))
    .description('migrate the database to the schema of this version, as `npm start` does by itself')
    .option('--plan', 'only list the migrations that would run', false)
    .action(async (options: MigrateCommandOptions, command: Command) => {
      const { migrateDatabase } = await import('./backup/migrate.js');
      await migrateDatabase(sessionOf(command), options);
    });
}
