import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { discordLines } from '../src/transfer/sources/discord/discord.js';
import { converted, only } from './transfer-lines.js';

const folder = await mkdtemp(join(tmpdir(), 'parley-discord-'));
afterAll(() => rm(folder, { recursive: true }));

const ann = { id: '101', name: 'ann_', discriminator: '0000', nickname: 'Ann', isBot: false, roles: [] };
const bob = { id: '102', name: 'bob', discriminator: '0000', nickname: 'Bob', isBot: false, roles: [] };
const app = { id: '103', name: 'Builds', discriminator: '1234', nickname: 'Builds', isBot: true, roles: [] };
const none = {
  attachments: [],
  embeds: [],
  stickers: [],
  reactions: [],
  mentions: [],
  timestampEdited: null,
  isPinned: false,
};

function message(id: string, author: object, content: string, second: number, more: object = {}) {
  const timestamp = `2023-01-15T11:30:0${second}.5+01:00`;
  return { id, type: 'Default', timestamp, content, author, ...none, ...more };
}

function file(messages: readonly object[], channel: object = {}) {
  const head = { guild: { id: '7', name: 'Guild', iconUrl: '' }, dateRange: { after: null, before: null } };
  const about = { id: '55', type: 'GuildTextChat', categoryId: '5', category: 'Text', name: 'general', topic: 'About' };
  return { ...head, channel: { ...about, ...channel }, messages, messageCount: messages.length };
}

async function files(name: string, contents: Readonly<Record<string, unknown>>): Promise<string> {
  for (const [one, value] of Object.entries(contents)) {
    const path = join(folder, name, one);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return join(folder, name);
}

const startMs = Date.parse('2023-01-15T10:30:00.500Z');

test('converts files of DiscordChatExporter, and joins the parts of a channel', async () => {
  const later = [
    message('4', ann, 'see it', 4, {
      ...{ type: 'Reply', reference: { messageId: '2', channelId: '55', guildId: '7' }, isPinned: true },
      attachments: [
        { id: '9', url: 'https://cdn.example.org/a.png', fileName: 'a.png', fileSizeBytes: 5 },
        { id: '10', url: 'general.json_Files/my%20plan.txt', fileName: 'my plan.txt', fileSizeBytes: 6 },
      ],
    }),
    message('5', app, '', 5, {
      embeds: [{ title: 'Build 7', url: 'https://ci.example.org/7', description: 'is green' }],
    }),
    message('6', bob, '', 6, { type: 'GuildMemberJoin' }),
  ];
  const earlier = [
    message('2', bob, 'Hi @Ann', 2, { mentions: [ann], timestampEdited: '2023-01-15T11:31:00+01:00' }),
    message('1', ann, 'first', 1, {
      reactions: [
        { emoji: { id: '', name: '👍', code: 'thumbsup' }, count: 2, users: [ann, bob] },
        { emoji: { id: '1', name: 'parrot', code: 'parrot' }, count: 3, users: [bob] },
      ],
    }),
  ];
  const path = await files('sample', {
    'general [part 1].json': file(later),
    'general [part 2].json': file(earlier),
    'direct.json': file([message('8', ann, 'between us', 1), message('9', bob, 'yes', 2)], {
      id: '56',
      type: 'DirectTextChat',
    }),
    'general.json_Files/my plan.txt': 'a plan',
  });
  const all = await converted(discordLines(path));
  expect(all[0]).toMatchObject({ source: 'discord/7' });
  expect(only(all, 'person')).toMatchObject([
    { id: '101', user_id: 'ann_', name: 'Ann' },
    { id: '102', user_id: 'bob' },
    { id: '103', user_id: 'Builds', bot: true },
  ]);
  expect(only(all, 'channel')).toMatchObject([
    { id: '56', kind: 'direct', pair: ['101', '102'] },
    { id: '55', kind: 'private', name: 'general', description: 'About' },
  ]);
  const messages = only(all, 'message').slice(2);
  expect(messages).toMatchObject([
    {
      n: 1,
      at: startMs + 1_000,
      from: '101',
      text: 'first\n[:parrot: bob]',
      reactions: [{ emoji: '👍', people: ['101', '102'] }],
    },
    { n: 2, from: '102', text: 'Hi @Ann', mentions: ['101'], edited_at: startMs + 59_500 },
    {
      ...{ n: 3, text: 'see it\n[a.png](https://cdn.example.org/a.png)', reply_to: 2, pinned_by: '101' },
      files: ['general.json_Files/my plan.txt'],
    },
    { n: 4, from: '103', text: '[Build 7](https://ci.example.org/7)\nis green' },
    { n: 5, from: '102', text: '[GuildMemberJoin]' },
  ]);
  expect(only(all, 'bytes').map(({ base64 }) => Buffer.from(base64, 'base64').toString())).toEqual(['a plan']);
  expect(only(all, 'member').map(({ person }) => person)).toEqual(['101', '102', '101', '102']);
});

test('refuses a damaged file of DiscordChatExporter, and names the place', async () => {
  const refused = async (name: string, value: unknown) =>
    converted(discordLines(await files(name, { 'a.json': value })));
  await expect(refused('json', '{"guild":')).rejects.toThrow('a.json: It is not JSON.');
  await expect(refused('form', { channel: {} })).rejects.toThrow('a.json: "guild" is wrong.');
  await expect(refused('author', file([message('1', {}, 'x', 1)]))).rejects.toThrow(
    'a.json, message 1: "author.id" is wrong.',
  );
  const future = { ...message('1', ann, 'x', 1), timestamp: '2090-01-01T00:00:00Z' };
  await expect(refused('future', file([future]))).rejects.toThrow('a.json, message 1: "at" is in the future.');
  await expect(
    refused('path', file([message('1', ann, 'x', 1, { attachments: [{ url: '../../up.txt', fileName: 'up' }] })])),
  ).rejects.toThrow('a.json, message 1: The path of a file leads elsewhere.');
  const odd = message('1', ann, 'x', 1, { attachments: [{ url: '100%.txt', fileName: '100%.txt' }] });
  const odds = await converted(discordLines(await files('percent', { 'a.json': file([odd]), '100%.txt': '' })));
  expect(only(odds, 'file')).toMatchObject([{ name: '100%.txt', size: 0 }]);
  await expect(converted(discordLines(await files('empty', { 'a.txt': '' })))).rejects.toThrow('has no JSON files.');
});

test('overlapping files of a channel give each message once', async () => {
  const [one, two, three] = [message('1', ann, 'one', 1), message('2', bob, 'two', 2), message('3', ann, 'three', 3)];
  const path = await files('overlap', { 'a.json': file([one, two]), 'b.json': file([two, three]) });
  const all = await converted(discordLines(path));
  expect(only(all, 'message').map(({ text }) => text)).toEqual(['one', 'two', 'three']);
});

test('bots become no members of a channel of Discord, and own it only if no human has written', async () => {
  const path = await files('bots', {
    'a.json': file([message('1', app, 'Hi', 1, { mentions: [ann] }), message('2', bob, 'yes', 2)]),
    'b.json': file([message('1', app, 'Hi', 1, { mentions: [ann] })], { id: '57' }),
  });
  const all = await converted(discordLines(path));
  expect(only(all, 'channel').map(({ owner }) => owner)).toEqual(['102', '103']);
  expect(only(all, 'member').map(({ person }) => person)).toEqual(['102']);
});

test('a channel of Discord without messages is left out and reported', async () => {
  const path = await files('silent', {
    'a.json': file([message('1', ann, 'hi', 1)]),
    'b.json': file([], { id: '57', name: 'silent' }),
  });
  const leftOut: string[] = [];
  const all = await converted(discordLines(path, { leaveOut: (name) => leftOut.push(name) }));
  expect([only(all, 'channel').length, leftOut]).toEqual([1, ['silent']]);
});

test('a long topic of Discord becomes the first message', async () => {
  const path = await files('topic', { 'a.json': file([message('1', ann, 'hi', 1)], { topic: 't'.repeat(4_000) }) });
  const all = await converted(discordLines(path));
  expect(only(all, 'message')).toMatchObject([
    { n: 1, at: startMs + 1_000, from: '101', text: 't'.repeat(4_000) },
    { n: 2, text: 'hi' },
  ]);
});
