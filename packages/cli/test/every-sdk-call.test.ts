import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  Bots,
  Chats,
  Conversation,
  Invites,
  Members,
  Notifications,
  OwnAccount,
  OwnSessions,
  ParleyClient,
  PeopleDirectory,
  Webhooks,
} from '@parley/client';
import { UserFiles } from '@parley/client/files';

const folder = fileURLToPath(new URL('../../src/', import.meta.url));
const files = readdirSync(folder, { encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const source = files.map((name) => readFileSync(folder + name, 'utf8')).join('\n');

const classes = {
  client: ParleyClient,
  account: OwnAccount,
  bots: Bots,
  chats: Chats,
  conversation: Conversation,
  files: UserFiles,
  invites: Invites,
  members: Members,
  notifications: Notifications,
  people: PeopleDirectory,
  sessions: OwnSessions,
  webhooks: Webhooks,
};

/** Calls of the SDK for which there is no command, with the reason. */
const exceptions: Readonly<Record<string, string>> = {
  'client.channels': '`listChannels` has them in pages',
  'client.inbox': 'for programs: a terminal shows one chat at a time',
  'client.open': '`listen` is the same for a command',
  'client.close': 'the process ends',
  'chats.all': '`chats` lists a page',
  'chats.markDelivered': 'a listed message is not delivered: `chat` reports what it shows',
  'members.page': '`list` has every page',
  'notifications.unread': '`notifications` lists them',
  'conversation.entered': '`listen` awaits it',
  'conversation.events': '`for await` is the same',
  'conversation.reconnect': 'for pages, which learn of a changed network',
  'conversation.sendLossy': 'for games and voice',
};

const callsOf = ([name, { prototype }]: readonly [string, { readonly prototype: object }]) =>
  Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([method, { value }]) => typeof value === 'function' && method !== 'constructor')
    .map(([method]) => `${name}.${method}`);

test('every call of the SDK has a command, or a reason for having none', () => {
  const all = Object.entries(classes).flatMap(callsOf);
  expect(all.length).toBeGreaterThan(60);
  const isUsed = (call: string) => new RegExp(`\\b${call.replace('.', '(?:\\(\\))?\\.')}\\(`).test(source);
  expect(all.filter((call) => !isUsed(call)).toSorted()).toEqual(Object.keys(exceptions).toSorted());
});
