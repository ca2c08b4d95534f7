import { describeSettings, limits, textTable, version } from '@parley/runtime';
import { Command, InvalidArgumentError, Option } from 'commander';
import { addAccounts } from './account-program.js';
import { addAdmin } from './admin-program.js';
import { addBackups } from './backup-program.js';
import { addChannelOptions } from './channel-options.js';
import {
  type ChangeOptions,
  type CreateOptions,
  changeChannel,
  createdKinds,
  listChannels,
  makeChannel,
  removeChannel,
} from './channels.js';
import { chat } from './chat.js';
import { addChats } from './chats-program.js';
import { checkSettingNames, gatewayOption, gatewayUrl, positive, sessionOf } from './command-parts.js';
import type { DoctorOptions } from './doctor/surroundings.js';
import { usage } from './failure.js';
import { addFiles } from './files-program.js';
import { type HistoryOptions, showHistory } from './history.js';
import { printOpenApi } from './openapi.js';
import { output } from './output.js';
import { addPeople } from './people-program.js';
import { runRoomsClient } from './rooms-client.js';
import { defaultData } from './run-file.js';
import type { ServiceTokenOptions } from './service-token.js';
import { type CommandSession, defaultAddresses } from './session.js';
import { addTransfers } from './transfer-program.js';
import { helpFor } from './typed-line.js';
import { wholeNumber } from './whole-number.js';

const afterHelp = `
Exit codes: 0 done, 1 refused by a server, 2 wrong usage, 3 server not reachable, 4 not logged in.
If you give several addresses, each call goes to the first one that responds.
With --json, an error is {"error":{"reason","message","retry_after_ms"}} on stderr.
The login is stored in ~/.config/parley/login.json (or $XDG_CONFIG_HOME/parley), readable only by you.`;

const chatHelp = `
On a terminal:
${helpFor(true)}In a channel without history, messages cannot be edited, deleted, reacted to or pinned.

With a pipe or --json there are no commands: each line of stdin that is not blank is a message. After the last line, chat leaves:
  echo hi | npx parley chat lobby
The exit code is 1 if a line was refused or the server ended the chat. After a lost connection, chat reconnects and
shows what you missed.`;

/** Commands that report a wrong setting themselves. */
const describers: readonly string[] = ['config', 'doctor'];

const address = /^(\[[0-9a-fA-F:]+\]|[^\s:/,]+):\d{1,5}$/;

function addresses(text: string): string {
  const each = text.split(',').map((one) => one.trim());
  if (each.every((one) => address.test(one))) return each.join(',');
  throw new InvalidArgumentError('Use host:port, or several separated by commas.');
}

function defaultOf(address: string): string {
  return `(default: as at login, else ${address})`;
}

function addChannels(program: Command): void {
  program
    .command('channels')
    .description('list the channels and the people in them')
    .action((_options: object, command: Command) => listChannels(sessionOf(command)));
  const create = program
    .command('create <name>')
    .description('create a channel: a room that anyone can enter, a group, or a public or private chat')
    .addOption(new Option('--kind <kind>', 'kind of channel').choices(Object.keys(createdKinds)).default('room'))
    .action((name: string, options: CreateOptions, command: Command) => makeChannel(sessionOf(command), name, options));
  create.option('--closed-history', 'members see only what was sent after they joined; not for rooms');
  addChannelOptions(create, {
    limit: ' (default: 10 in a room, else 1000)',
    retention: ' (default: 7d in a room, else forever)',
  });
  const set = program
    .command('set <channel>')
    .description('change the settings of a channel, by its id or exact name')
    .option('--name <name>', 'new name')
    .addOption(
      new Option('--kind <kind>', 'make a public chat private, or a private one public').choices(['public', 'private']),
    )
    .action((channel: string, options: ChangeOptions, command: Command) =>
      changeChannel(sessionOf(command), channel, options),
    );
  addChannelOptions(set, { limit: '', retention: '' });
  program
    .command('delete <channel>')
    .description('delete a channel that you own, by its id or exact name')
    .action((channel: string, _options: object, command: Command) => removeChannel(sessionOf(command), channel));
}

function addTalk(program: Command): void {
  program
    .command('history <channel>')
    .description('show the last messages of a channel, by its id or name')
    .option('--before <seq>', 'show messages before this one (default: the last ones)', positive)
    .option('--size <n>', 'number of messages, up to 100', wholeNumber(1, limits.pageEntries), 50)
    .action((channel: string, options: HistoryOptions, command: Command) =>
      showHistory(sessionOf(command), channel, options),
    );
  program
    .command('chat <channel>')
    .description('enter a channel, by its id or name; if several have the name, yours or else the most active one')
    .addHelpText('after', chatHelp)
    .action((channel: string, _options: object, command: Command) => chat(sessionOf(command), channel));
}

const doctorHelp = `
doctor tries the real thing from this machine: it examines what --gateway, --user-service, --manager and --database
name, else the addresses of the stored login, else the running \`npm start\`. Parts that need an account use the stored
login. It says what it could not try, and what to give so that it can.
Exit codes: 0 no fault, 1 a fault.`;

function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('find out what is wrong with a system, and what to change')
    .addOption(
      new Option('--gateway <url>', 'URL of the gateway, or of the proxy in front of it').argParser(gatewayUrl),
    )
    .addOption(new Option('--database <url>', 'the database, as its owner or a service').env('PARLEY_DATABASE_URL'))
    .option('--data <dir>', 'the data folder of a running `npm start`')
    .option('--idle <s>', 'seconds for which connections are left idle', wholeNumber(1, 3_600), 5)
    .option('--timeout <s>', 'seconds after which one step has failed', wholeNumber(1, 600), 10)
    .addHelpText('after', doctorHelp)
    .action(async (options: DoctorOptions, command: Command) => {
      const { runDoctor } = await import('./doctor/doctor.js'); // This is imported late, because only this command needs the database.
      await runDoctor(sessionOf(command), options);
    });
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
    .description('print a service token, valid for 60 s, to call services by hand')
    .requiredOption('--as <who>', '"manager", or the instance id of a chat server')
    .option('--for <instance id>', 'the chat server that may receive it (default: every live one)')
    .option('--database <url>', 'the database, as its owner (default: that of the running `npm start`)')
    .option('--data <dir>', 'the data folder of the running `npm start`', defaultData)
    .action(async (options: ServiceTokenOptions, command: Command) => {
      const { makeServiceToken } = await import('./service-token.js'); // This is imported late, because only this command needs the database.
      const token = await makeServiceToken(options);
      sessionOf(command).print(token, { token });
    });
  program
    .command('config')
    .description('show every PARLEY_* setting and its value in this environment')
    .action((_options: object, command: Command) => printSettings(sessionOf(command)));
  program
    .command('openapi')
    .description('print the OpenAPI document of the REST API')
    .addOption(gatewayOption('the gateway that serves it'))
    .action(({ gateway }: { gateway: string }, command: Command) => printOpenApi(sessionOf(command), gateway));
  program
    .command('rooms-client')
    .description('chat in rooms without an account: the console client of document 002')
    .addOption(gatewayOption('the gateway to connect to'))
    .action(({ gateway }: { gateway: string }, command: Command) => runRoomsClient(sessionOf(command), gateway));
}

/** Adds `drill` to the help. If `drill` is the first word, bin/parley.js runs it itself. */
function addDrill(program: Command): void {
  program
    .command('drill <name>')
    .description('break a running `npm start` on purpose, and check that no message is lost; see drill --help')
    .allowUnknownOption()
    .action((name: string) => {
      throw usage(`Global options do not apply to drills. Write \`npx parley drill ${name}\`, with options after it.`);
    });
}

/** Returns the whole command line of `parley`. It rejects with the error and does not print it. */
export function parleyCommand(): Command {
  const program = new Command('parley')
    .description('Chat from a terminal, and operate a Parley server.')
    .version(version, '--version')
    .addOption(
      new Option(
        '--user-service <host:port,...>',
        `addresses of user-services ${defaultOf(defaultAddresses.userService)}`,
      )
        .env('PARLEY_USER_SERVICES')
        .argParser(addresses),
    )
    .addOption(
      new Option('--manager <host:port,...>', `addresses of managers ${defaultOf(defaultAddresses.channelService)}`)
        .env('PARLEY_MANAGERS')
        .argParser(addresses),
    )
    .option('--tls', 'use TLS; trust certificates signed by a well-known authority')
    .option('--ca <file>', 'use TLS; trust certificates signed by the authority in this PEM file')
    .option('--insecure', 'send passwords and messages to another machine in plain text; `login` stores this')
    .option('--json', 'print results, events and errors as JSON')
    .option('--login <file>', 'use another login file, so that two people can share a machine')
    .addHelpText('after', afterHelp)
    .configureOutput({ writeOut: output.say, writeErr: output.complain, outputError: () => {} })
    .hook('preAction', (_program, command) => {
      if (!describers.includes(command.name())) checkSettingNames(process.env);
    })
    .exitOverride();
  addAccounts(program);
  addChannels(program);
  addTalk(program);
  addFiles(program);
  addChats(program);
  addPeople(program);
  addAdmin(program);
  addBackups(program);
  addTransfers(program);
  addOperations(program);
  addDoctor(program);
  addDrill(program);
  return program;
}
