import { limits } from '@parley/runtime';
import type { Command } from 'commander';
import { gatewayOption, seqOf, sessionOf } from './command-parts.js';
import { type GetOptions, getFiles } from './get-files.js';
import { type SendCommandOptions, send } from './send.js';

const sendHelp = `
  npx parley send lobby "the photos" --file beach.jpg --file sunset.jpg
A send that is interrupted posts nothing.`;

const getHelp = `
  npx parley get lobby 12 --to downloads
A file that exists is never overwritten: the new one is saved as "beach (2).jpg".`;

const gateway = () => gatewayOption('the gateway that has the files');

/** Adds the commands that send and save files. */
export function addFiles(program: Command): void {
  program
    .command('send <channel> [text]')
    .description('send one message, with or without files')
    .option(
      '--file <path>',
      `a file to send; up to ${limits.filesAtOnce}`,
      (path: string, before: string[]) => [...before, path],
      [],
    )
    .addOption(gateway())
    .addHelpText('after', sendHelp)
    .action((channel: string, text: string | undefined, options: SendCommandOptions, command: Command) =>
      send(sessionOf(command), channel, text ?? '', options),
    );
  program
    .command('get <channel> [seq]')
    .description('save the files of a message (default: of the last one that has files)')
    .option('--to <folder>', 'folder to save them in', '.')
    .addOption(gateway())
    .addHelpText('after', getHelp)
    .action((channel: string, seq: string | undefined, options: GetOptions, command: Command) =>
      getFiles(sessionOf(command), channel, seq === undefined ? undefined : seqOf(seq), options),
    );
}
