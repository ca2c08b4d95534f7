import { describeSettings, textTable, version } from '@parley/runtime';
import { Command, InvalidArgumentError, Option } from 'commander';
import { login, logout, registerAccount } from './accounts.js';
import { addAdmin } from './admin-program.js';
import { type CreateOptions, listChannels, makeRoom, removeChannel } from './channels.js';
import { chat } from './chat.js';
import { checkSettingNames, defaultData, positive, sessionOf } from './command-parts.js';
import { type HistoryOptions, showHistory } from './history.js';
import { retentionFrom } from './keep.js';
import { output } from './output.js';
import type { ServiceTokenOptions } from './service-token.js';
import { type CommandSession, defaultAddresses } from './session.js';
import { helpFor } from './typed-line.js';

const afterHelp = `
Exit codes: 0 done, 1 refused by a server, 2 wrong usage, 3 server not reachable, 4 not logged in.
Where several addresses are given, any of them will do: who does not answer is passed over.
With --json an error is {"error":{"reason","message","retry_after_ms"}} on stderr.
\`npx parley drill --help\`: makes trouble in a running \`npm start\`, and counts that nothing is lost in it.
The login is kept in ~/.config/parley/login.json (or $XDG_CONFIG_HOME/parley), readable by you only.`;

const chatHelp = `
At a keyboard:
${helpFor(true)}Where nothing is kept, messages cannot be edited, deleted, reacted to or pinned.

On a pipe, and with --json, there are no commands: each line of stdin is a message. After the last one, chat leaves:
  echo hi | npx parley chat lobby
Exit code 1 if a line was refused, or if the server ended the chat. After a lost connection chat reconnects by itself
and shows what you missed.`;

const address = /^(\[[0-9a-fA-F:]+\]|[^\s:/,]+):\d{1,5}$/;

function addresses(text: string): string {
  const each = text.split(',').map((one) => one.trim());
  if (each.every((one) => address.test(one))) return each.join(',');
  throw new InvalidArgumentError('It is host:port, or several with commas between.');
}

function elsewhere(address: string): string {
  return `(default: where the login was made, else ${address})`;
}

function addAccounts(program: Command): void {
  program
    .command('register <user>')
    .description('make an account; the password is asked for, or one line of stdin')
    .option('--name <name>', 'the name others see (default: the user id)')
    .action((user: string, { name }: { name?: string }, command: Command) =>
      registerAccount(sessionOf(command), user, name ?? user),
    );
  program
    .command('login <user>')
    .description('log in and remember it')
    .action((user: string, _options: object, command: Command) => login(sessionOf(command), user));
  program
    .command('logout')
    .description('end that session')
    .action((_options: object, command: Command) => logout(sessionOf(command)));
}

function addChannels(program: Command): void {
  program
    .command('channels')
    .description('list the channels and who is in them')
    .action((_options: object, command: Command) => listChannels(sessionOf(command)));
  program
    .command('create <name>')
    .description('make a room, which everybody with an account can find, enter and read')
    .option('--limit <n>', 'how many people may be in it, at most 25', positive, 10)
    .addOption(
      new Option('--keep <time>', 'how long messages are kept: forever, nothing, or like 7d or 12h')
        .argParser(retentionFrom)
        .default({ seconds: 604_800 }, '7d'),
    )
    .action((name: string, options: CreateOptions, command: Command) => makeRoom(sessionOf(command), name, options));
  program
    .command('delete <channel>')
    .description('delete a channel of yours, by its id or exact name')
    .action((channel: string, _options: object, command: Command) => removeChannel(sessionOf(command), channel));
}

function addTalk(program: Command): void {
  program
    .command('history <channel>')
    .description('show the last messages of a channel, by its id or name')
    .option('--before <seq>', 'messages before that one (default: the last ones)', positive)
    .option('--size <n>', 'how many, at most 100', positive, 50)
    .action((channel: string, options: HistoryOptions, command: Command) =>
      showHistory(sessionOf(command), channel, options),
    );
  program
    .command('chat <channel>')
    .description('enter a channel, by its id or name; of several with that name yours, else the most active one')
    .addHelpText('after', chatHelp)
    .action((channel: string, _options: object, command: Command) => chat(sessionOf(command), channel));
}

function printSettings(session: CommandSession): void {
  const rows = describeSettings(process.env);
  const isSet = (name: string) => name in process.env || `${name}_FILE` in process.env;
  const cells = rows.map(({ name, value, fallback, unit, doc }) => [
    name,
    isSet(name) ? value : '',
    fallback,
    unit,
    doc,
  ]);
  session.print(textTable(['setting', 'set to', 'default', 'unit', 'meaning'], cells), rows);
  try {
    checkSettingNames(process.env);
  } catch (error) {
    output.complain(`parley: ${error instanceof Error ? error.message : error}`);
  }
}

function addOperations(program: Command): void {
  program
    .command('token')
    .description('print a service token of 60 s, for calling services by hand')
    .requiredOption('--as <who>', '"manager", or the boot id of a chat server')
    .option('--for <boot id>', 'the chat server it is for (default: all that live)')
    .option('--database <url>', 'the database, as its owner (default: that of the running `npm start`)')
    .option('--data <dir>', 'the data folder of the running `npm start`', defaultData)
    .action(async (options: ServiceTokenOptions, command: Command) => {
      const { makeServiceToken } = await import('./service-token.js'); // the database, which no other command needs
      const token = await makeServiceToken(options);
      sessionOf(command).print(token, { token });
    });
  program
    .command('config')
    .description('show every PARLEY_* setting and what this environment sets')
    .action((_options: object, command: Command) => printSettings(sessionOf(command)));
}

/** The whole command line of `parley`. It rejects with whatever went wrong, and prints none of it. */
export function parleyCommand(): Command {
  const program = new Command('parley')
    .description('Chat from a terminal, and look after a Parley.')
    .version(version, '--version')
    .addOption(
      new Option('--user-service <host:port,...>', `where user-services are ${elsewhere(defaultAddresses.userService)}`)
        .env('PARLEY_USER_SERVICES')
        .argParser(addresses),
    )
    .addOption(
      new Option('--manager <host:port,...>', `where managers are ${elsewhere(defaultAddresses.channelService)}`)
        .env('PARLEY_MANAGERS')
        .argParser(addresses),
    )
    .option('--tls', 'the services speak TLS')
    .option('--ca <file>', 'they do, with a certificate from this authority (PEM)')
    .option('--insecure', 'plain text to another machine is all right; a login remembers that')
    .option('--json', 'answers, events and errors as JSON')
    .option('--login <file>', 'another saved login, so that two people can share a machine')
    .addHelpText('after', afterHelp)
    .configureOutput({ writeOut: output.say, writeErr: output.complain, outputError: () => {} })
    .hook('preAction', (_program, command) => {
      if (command.name() !== 'config') checkSettingNames(process.env);
    })
    .exitOverride();
  addAccounts(program);
  addChannels(program);
  addTalk(program);
  addAdmin(program);
  addOperations(program);
  return program;
}
