import { type Command, Option } from 'commander';
import {
  type AuditOptions,
  changeUser,
  drain,
  kickUser,
  printServers,
  roleWords,
  showAudit,
  type UserChange,
  userStatusWords,
} from './admin.js';
import { defaultData, positive, sessionOf } from './command-parts.js';
import type { OwnerOptions } from './owner-database.js';
import { terminalLine } from './plain-text.js';

const adminHelp = `
Administrators look after servers and users; that gives them no access to chats that
they do not belong to. Rooms are open to every account, theirs too. Everything they change is in the audit.
The owner of the database makes the first one: npx parley admin grant <user>`;

function addServers(admin: Command): void {
  admin
    .command('servers')
    .description('list the chat servers')
    .option('--all', 'those too that are gone, for as long as they are remembered', false)
    .action(({ all }: { all: boolean }, command: Command) => printServers(sessionOf(command), all));
  admin
    .command('drain <server>')
    .description('empty a chat server, by its name or id; a restart makes it serve again')
    .action((server: string, _options: object, command: Command) => drain(sessionOf(command), server));
}

function addUsers(admin: Command): void {
  admin
    .command('user <id>')
    .description('set the role or the status of a user; a suspension ends every session')
    .addOption(new Option('--role <role>', 'what the user may do').choices(Object.keys(roleWords)))
    .addOption(new Option('--status <status>', 'whether the user may log in').choices(Object.keys(userStatusWords)))
    .action((id: string, change: UserChange, command: Command) => changeUser(sessionOf(command), id, change));
  admin
    .command('kick <user> [channel]')
    .description('end the streams of a user, in that channel (by its id or exact name) or everywhere')
    .option('--reason <text>', 'for the audit', '')
    .action((user: string, channel: string | undefined, { reason }: { reason: string }, command: Command) =>
      kickUser(sessionOf(command), user, channel, reason),
    );
  admin
    .command('audit')
    .description('show what administrators did, the newest first')
    .option('--size <n>', 'how many, at most 100', positive, 50)
    .option('--after <token>', 'the page after the one that ended with that token')
    .action((options: AuditOptions, command: Command) => showAudit(sessionOf(command), options));
}

/** Which database, for what only its owner may do. */
function withDatabase(command: Command): Command {
  return command
    .option('--database <url>', 'the database, as its owner (default: that of the running `npm start`)')
    .option('--data <dir>', 'the data folder of the running `npm start`', defaultData);
}

function addGrant(admin: Command): void {
  const command = admin.command('grant <user>').description('make a user an administrator, directly in the database');
  withDatabase(command).action(async (user: string, options: OwnerOptions, command: Command) => {
    const { grant } = await import('./grant.js'); // the database, which no other command needs
    await grant(user, options);
    sessionOf(command).print(`${terminalLine(user)} is an administrator`, { id: user, role: 'admin' });
  });
}

function addRestored(admin: Command): void {
  const command = admin
    .command('restored')
    .description(
      'run it after restoring the database from a backup; otherwise clients would mistake new messages for ones lost with the backup',
    );
  withDatabase(command).action(async (options: OwnerOptions, command: Command) => {
    const { restored } = await import('./restored.js'); // the database, which no other command needs
    const channels = await restored(options);
    sessionOf(command).print(`${channels} channels have a new log; restart every chat server that runs`, { channels });
  });
}

/** The commands of administrators. */
export function addAdmin(program: Command): void {
  const admin = program
    .command('admin')
    .description('look after servers and users, as an administrator')
    .addHelpText('after', adminHelp);
  addServers(admin);
  addUsers(admin);
  addGrant(admin);
  addRestored(admin);
}
