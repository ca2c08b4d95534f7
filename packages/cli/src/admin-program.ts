import { limits } from '@parley/runtime';
import { Argument, type Command, Option } from 'commander';
import {
  type AuditOptions,
  changeUser,
  drain,
  giveOneTimePassword,
  kickUser,
  printServers,
  roleWords,
  showAudit,
  type UserOptions,
  userStatusWords,
} from './admin.js';
import { type ExportOptions, writeExport, writeHold } from './admin-export.js';
import { printGateways } from './admin-gateways.js';
import { endHold, type HoldOptions, hold, printHolds } from './admin-holds.js';
import {
  accountStatusWords,
  closeReport,
  type DeleteOptions,
  deleteAccount,
  type PagePick,
  printChannels,
  printReports,
  printUsers,
  type ReportListPick,
  type UserListPick,
} from './admin-lists.js';
import { showTop, type TopOptions } from './admin-top.js';
import { addInviteOptions, positive, sessionOf } from './command-parts.js';
import { addDatabaseOptions } from './database-options.js';
import { exitCodes, Failure } from './failure.js';
import { type InviteOptions, inviteToRegister } from './invites.js';
import { address } from './launcher/options.js';
import type { OwnerOptions } from './owner-database.js';
import { counted, terminalLine } from './plain-text.js';
import { defaultData } from './run-file.js';
import { wholeNumber } from './whole-number.js';

const adminHelp = `
Operators manage servers and users. This gives them no access to chats that they do not belong to;
rooms are open to every account. Every change they make is in the audit log.
The owner of the database appoints the first operator: npx parley admin grant <user>`;

function addServers(admin: Command): void {
  admin
    .command('servers')
    .description('list the chat servers')
    .option('--all', 'include stopped and lost servers of the last ten minutes', false)
    .action(({ all }: { all: boolean }, command: Command) => printServers(sessionOf(command), all));
  admin
    .command('gateways')
    .description('list the gateways')
    .option('--all', 'include stopped and lost gateways of the last ten minutes', false)
    .action(({ all }: { all: boolean }, command: Command) => printGateways(sessionOf(command), all));
  admin
    .command('drain <server>')
    .description(
      'move all channels off a chat server, or all clients off a gateway, by its name or id; a restart makes it serve again',
    )
    .action((server: string, _options: object, command: Command) => drain(sessionOf(command), server));
}

function addTop(admin: Command): void {
  admin
    .command('top')
    .description('show the load of every process, from its ops port, until Ctrl-C')
    .option('--once', 'print it only once', false)
    .option('--every <seconds>', 'seconds between two tables', wholeNumber(1, 3_600), 2)
    .option('--ops <host:port,...>', 'ops ports to read (default: those of the data folder)', (text: string) =>
      text.split(',').map(address),
    )
    .option('--data <dir>', 'the data folder of `npm start`', defaultData)
    .action((options: TopOptions, command: Command) => showTop(sessionOf(command), options));
}

function addUsers(admin: Command): void {
  admin
    .command('user <id>')
    .description(
      'set the role or status of a user, or verify the email address; a suspension ends every session of the user',
    )
    .addOption(new Option('--role <role>', 'role of the user').choices(Object.keys(roleWords)))
    .addOption(new Option('--status <status>', 'whether the user may log in').choices(Object.keys(userStatusWords)))
    .option('--verify-email <address>', "verify the user's email address, so that it can be used to log in")
    .action((id: string, change: UserOptions, command: Command) => changeUser(sessionOf(command), id, change));
  admin
    .command('reset-password <user>')
    .description('give a user a one-time password; ends every session of the user')
    .action((user: string, _options: object, command: Command) => giveOneTimePassword(sessionOf(command), user));
  addInviteOptions(admin.command('invite'), 'invitation')
    .description('create an invitation to register, for servers that require one')
    .action((options: InviteOptions, command: Command) => inviteToRegister(sessionOf(command), options));
  admin
    .command('kick <user> [channel]')
    .description('disconnect a user from a channel (by its id or exact name), or from all')
    .option('--reason <text>', 'reason for the audit log', '')
    .action((user: string, channel: string | undefined, { reason }: { reason: string }, command: Command) =>
      kickUser(sessionOf(command), user, channel, reason),
    );
  admin
    .command('audit')
    .description('show the actions of operators, newest first')
    .option('--size <n>', 'number of entries, up to 100', wholeNumber(1, limits.pageEntries), 50)
    .option('--after <token>', 'show the page after this token, which the previous page printed')
    .action((options: AuditOptions, command: Command) => showAudit(sessionOf(command), options));
}

function paged(command: Command): Command {
  return command
    .option('--size <n>', 'number of entries, up to 100', wholeNumber(1, limits.pageEntries), 50)
    .option('--after <token>', 'show the page after this token, which the previous page printed');
}

function addLists(admin: Command): void {
  paged(admin.command('users [text]'))
    .description('list accounts whose id, name or email address starts with the text')
    .addOption(new Option('--status <status>', 'only these accounts').choices(Object.keys(accountStatusWords)))
    .action((text: string | undefined, options: UserListPick, command: Command) =>
      printUsers(sessionOf(command), text ?? '', options),
    );
  paged(admin.command('channels [text]'))
    .description('list channels of every kind whose name starts with the text; shows no messages')
    .action((text: string | undefined, options: PagePick, command: Command) =>
      printChannels(sessionOf(command), text ?? '', options),
    );
  paged(admin.command('reports'))
    .description('list reports of abuse, newest first, with the reported messages')
    .option('--all', 'include resolved ones', false)
    .action((options: ReportListPick, command: Command) => printReports(sessionOf(command), options));
  admin
    .command('resolve <report>')
    .description('mark a report of abuse as resolved, by its id')
    .action((id: string, _options: object, command: Command) => closeReport(sessionOf(command), positive(id)));
}

function addExport(admin: Command): void {
  admin
    .command('export-user <id>')
    .description('print what is stored about an account, deleted or not, as lines of JSON; the last has the type `end`')
    .option('--out <file>', 'write to this new file, which only you can read')
    .action((id: string, options: ExportOptions, command: Command) => writeExport(sessionOf(command), id, options));
}

function addHolds(admin: Command): void {
  admin
    .command('hold')
    .description('keep for operators what users or retention remove, until the hold is released; users do not notice')
    .addArgument(new Argument('<what>', 'a channel, or a user').choices(['channel', 'user']))
    .argument('<id>', 'id of the channel or user')
    .requiredOption('--reason <text>', 'reason, which operators see')
    .action((what: 'channel' | 'user', id: string, options: HoldOptions, command: Command) =>
      hold(sessionOf(command), what, id, options),
    );
  paged(admin.command('holds'))
    .description('list the holds that stand, newest first')
    .action((options: PagePick, command: Command) => printHolds(sessionOf(command), options));
  admin
    .command('export-hold <hold>')
    .description(
      'print all messages that a hold covers and kept, with files, as lines of JSON; the last has the type `end`',
    )
    .option('--out <file>', 'write to this new file, which only you can read')
    .action((id: string, options: ExportOptions, command: Command) =>
      writeHold(sessionOf(command), positive(id), options),
    );
  admin
    .command('release <hold>')
    .description('release a hold by its id; minutes later, what only this hold kept is gone')
    .action((id: string, _options: object, command: Command) => endHold(sessionOf(command), positive(id)));
}

function addDeletion(admin: Command): void {
  admin
    .command('delete-user <id>')
    .description('delete an account for good; asks for the id again')
    .option('--purge', 'delete its messages too', false)
    .option('--yes', 'do not ask', false)
    .action((id: string, options: DeleteOptions, command: Command) => deleteAccount(sessionOf(command), id, options));
}

function addGrant(admin: Command): void {
  const command = admin.command('grant <user>').description('make a user an operator, directly in the database');
  addDatabaseOptions(command).action(async (user: string, options: OwnerOptions, command: Command) => {
    const { grant } = await import('./grant.js'); // This is imported late, because only this command needs the database.
    await grant(user, options);
    sessionOf(command).print(`${terminalLine(user)} is an operator.`, { id: user, role: 'admin' });
  });
}

function addRestored(admin: Command): void {
  const command = admin
    .command('restored')
    .description(
      'run this after restoring the database from a backup: every channel gets a new numbering, so that clients do not skip new messages',
    );
  addDatabaseOptions(command).action(async (options: OwnerOptions, command: Command) => {
    const { restored } = await import('./restored.js'); // This is imported late, because only this command needs the database.
    const channels = await restored(options);
    const words = `${counted(channels, 'channel has', 'channels have')} a new log. Restart every running chat server.`;
    sessionOf(command).print(words, { channels });
  });
}

const promotedWords = {
  noted:
    'The promotion is noted: nothing was lost, so every channel keeps its log. Now move the address of the database.',
  followed:
    'No effect: Parley already runs on this PostgreSQL. If it connected before this command, all channels have new logs. Check that the URL leads to the promoted server.',
  standby: 'This PostgreSQL is still a standby. Promote it first, for example with `SELECT pg_promote()`.',
} as const;

function addPromoted(admin: Command): void {
  const command = admin
    .command('promoted')
    .description(
      'run this after promoting a synchronous standby, before Parley reaches it: nothing was lost, so channels keep their numbering',
    );
  addDatabaseOptions(command).action(async (options: OwnerOptions, command: Command) => {
    const { promoted } = await import('./restored.js'); // This is imported late, because only this command needs the database.
    const found = await promoted(options);
    if (found === 'standby') throw new Failure('standby', exitCodes.refused, promotedWords.standby);
    sessionOf(command).print(promotedWords[found], { found });
  });
}

/** Adds the commands of operators. */
export function addAdmin(program: Command): void {
  const admin = program
    .command('admin')
    .description('manage servers and users, as an operator')
    .addHelpText('after', adminHelp);
  addServers(admin);
  addTop(admin);
  addUsers(admin);
  addLists(admin);
  addExport(admin);
  addHolds(admin);
  addDeletion(admin);
  addGrant(admin);
  addRestored(admin);
  addPromoted(admin);
}
