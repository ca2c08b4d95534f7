import type { NotifyLevel } from '@parley/client';
import { limits } from '@parley/runtime';
import { Argument, type Command, Option } from 'commander';
import { commands } from './bot-commands.js';
import { type BotOptions, bots } from './bots.js';
import { chatWith } from './chat.js';
import { addInviteOptions, gatewayOption, seqOf, sessionOf } from './command-parts.js';
import { type InviteOptions, invite } from './invites.js';
import { type JoinOptions, join } from './join.js';
import { leaveChat, type MemberChangeOptions, members } from './members.js';
import { chooseNotify, levelNames, listChats } from './my-chats.js';
import { type NotificationOptions, notifications } from './notifications.js';
import { mark, receipts } from './reading.js';
import { search } from './search.js';
import { type WebhookOptions, webhooks } from './webhooks.js';
import { wholeNumber } from './whole-number.js';

const membersHelp = `
Each call makes one change; only --add takes several users, up to 100:
  npx parley members team bob --add
  npx parley members team cy dee --add
  npx parley members team bob --role admin
  npx parley members team bob --mute 1h
A user who is offered the role owner accepts it with \`npx parley join team\`.`;

const botsHelp = `
A bot is a program with a token instead of a password. Add it to the channel like any user:
  npx parley bots team --create helper
  npx parley members team helper --add
A command is a message that begins with its name. Programs suggest the commands of the bots in a chat:
  npx parley bots --bot helper --commands 'roll=Rolls a die'
  npx parley commands team
  npx parley send team /roll`;

const webhooksHelp = `
An incoming webhook is an address at which programs post into the chat:
  npx parley webhooks team --create builds
  curl -H 'content-type: application/json' -d '{"text": "The build has passed."}' ADDRESS
An outgoing webhook is a URL to which the gateways post what happens in the chat:
  npx parley webhooks team --to https://example.org/hook --types message.created`;

const searchHelp = `
Words in double quotes must follow each other; filters narrow the search:
  npx parley search lunch friday in:team from:bob after:2026-01-31 before:2026-03-01
  npx parley search '"lunch on friday"'`;

function addMembers(program: Command): void {
  program
    .command('members <channel> [users...]')
    .description('list the members of a channel, change one of them, or add users')
    .option('--add', 'add the users')
    .option('--remove', 'remove the user')
    .addOption(
      new Option('--role <role>', 'give the role; owner offers the channel').choices(['member', 'admin', 'owner']),
    )
    .option('--mute <time>', 'mute the user for a time like 1h; off lifts the mute')
    .option('--ban <time>', 'remove the user and keep them out for a time like 7d; off lifts the ban')
    .addHelpText('after', membersHelp)
    .action((channel: string, users: readonly string[], change: MemberChangeOptions, command: Command) =>
      members(sessionOf(command), channel, users, change),
    );
  program
    .command('leave <chat>')
    .description('leave a chat, by its id or exact name')
    .action((chat: string, _options: object, command: Command) => leaveChat(sessionOf(command), chat));
}

function addInvites(program: Command): void {
  addInviteOptions(program.command('invite <chat>'), 'invite link')
    .description('create an invite link of a chat')
    .action((chat: string, options: InviteOptions, command: Command) => invite(sessionOf(command), chat, options));
  program
    .command('join <chat>')
    .description('join a chat by an invite link, or by its id or name; accept an offer of a chat')
    .option('--yes', 'do not ask first; without a terminal there is no question')
    .action((chat: string, options: JoinOptions, command: Command) => join(sessionOf(command), chat, options));
}

function addReading(program: Command): void {
  program
    .command('mark <chat>')
    .description('mark a chat as read or unread')
    .addArgument(new Argument('<as>', 'read: up to its last message').choices(['read', 'unread']))
    .action((chat: string, as: 'read' | 'unread', _options: object, command: Command) =>
      mark(sessionOf(command), chat, as),
    );
  program
    .command('receipts <chat>')
    .description('list the members who have received and read a message')
    .addArgument(new Argument('<seq>', 'number of the message, as in #12').argParser(seqOf))
    .action((chat: string, seq: number, _options: object, command: Command) => receipts(sessionOf(command), chat, seq));
}

function addBots(program: Command): void {
  program
    .command('bots [channel]')
    .description('list the bots of a channel that you manage, by its id or name; without one, for operators, all')
    .option('--create <id>', 'create a bot for the channel, and print its token')
    .option('--name <name>', 'display name of the new bot (default: its id)')
    .option('--bot <id>', 'bot that gets the --commands')
    .option('--commands [commands...]', 'replace its commands, each as name=description; without any, remove them')
    .option('--revoke <id>', 'end a bot for good')
    .addHelpText('after', botsHelp)
    .action((channel: string | undefined, options: BotOptions, command: Command) =>
      bots(sessionOf(command), channel, options),
    );
  program
    .command('commands <chat>')
    .description('list the commands of the bots in a chat, by its id or name')
    .action((chat: string, _options: object, command: Command) => commands(sessionOf(command), chat));
}

function addWebhooks(program: Command): void {
  program
    .command('webhooks <chat>')
    .description('list the webhooks of a chat that you manage, by its id or name')
    .option('--create <name>', 'create an incoming webhook whose messages have this name, and print its address')
    .option('--to <url>', 'create an outgoing webhook that posts to this URL, and print its secret')
    .option('--types <types...>', 'types of events that it posts, such as message.created; default: all')
    .option('--rotate <id>', 'give a webhook a new address, or a new secret')
    .option('--dead <id>', 'list the entries that an outgoing webhook could not deliver')
    .option('--resume <id>', 'send these entries of an outgoing webhook again, and enable it')
    .option('--delete <id>', 'end a webhook for good')
    .addOption(gatewayOption('URL of the gateway, with which the address begins'))
    .addHelpText('after', webhooksHelp)
    .action((chat: string, options: WebhookOptions, command: Command) => webhooks(sessionOf(command), chat, options));
}

function addNotices(program: Command): void {
  program
    .command('notifications')
    .description('list what concerns you: mentions, replies, direct messages, and changes of your memberships')
    .option('--all', 'include those that are read')
    .option('--read', 'mark them, and all older ones, as read')
    .option('--size <n>', 'number of notifications, up to 100', wholeNumber(1, limits.pageEntries), 50)
    .action((options: NotificationOptions, command: Command) => notifications(sessionOf(command), options));
  program
    .command('notify <chat>')
    .description('set which messages of a chat notify you')
    .addArgument(new Argument('<which>', 'which messages').choices(Object.keys(levelNames)))
    .action((chat: string, which: NotifyLevel, _options: object, command: Command) =>
      chooseNotify(sessionOf(command), chat, which),
    );
}

/** Adds the commands for chats and their members. */
export function addChats(program: Command): void {
  program
    .command('direct <user>')
    .description('enter the direct chat with a user, and create it if there is none')
    .action((user: string, _options: object, command: Command) => chatWith(sessionOf(command), user));
  program
    .command('chats')
    .description('list your chats with the last message, unread messages and mentions')
    .option('--size <n>', 'maximum number of chats', wholeNumber(1, 10_000), 50)
    .action(({ size }: { size: number }, command: Command) => listChats(sessionOf(command), size));
  addMembers(program);
  addInvites(program);
  addReading(program);
  addNotices(program);
  addBots(program);
  addWebhooks(program);
  program
    .command('search <words...>')
    .description('search the messages of your chats')
    .option('--size <n>', 'maximum number of messages, up to 100', wholeNumber(1, limits.pageEntries), 20)
    .addHelpText('after', searchHelp)
    .action((words: string[], { size }: { size: number }, command: Command) => search(sessionOf(command), words, size));
}
