import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChannelKind, type EntryEvent, type MessageEvent, type ParleyClient, textOf } from '@parley/client';
import { clientOf, InboxListener } from '@parley/client/testing';
import { Kind, MemberChange } from '@parley/contract';
import type { Pool } from '@parley/database';
import {
  openTestDatabase,
  openTestPool,
  type TestDatabase,
  type TestPerson,
  Trio,
  tinyPng,
  until,
} from '@parley/testkit';
import type { NewLine } from '../src/transfer/format.js';
import { Commands } from './commands.js';
import { exported, imported, withoutIds } from './transfer-lines.js';

let trio: Trio;
let other: TestDatabase;
let pools: Pool[];
let commands: Commands;
let people: TestPerson[];
let clients: ParleyClient[];
const folder = await mkdtemp(join(tmpdir(), 'parley-transfer-'));

beforeAll(async () => {
  [trio, other] = await Promise.all([Trio.start(), openTestDatabase()]);
  commands = await Commands.open(trio.managers[0]?.grpc ?? '');
  people = await trio.people.makeMany('p', 3);
  const gateway = await trio.startGateway();
  clients = people.map((person) => clientOf(trio, person, undefined, 0, gateway.grpc));
  pools = [trio.database.ownerUrl, other.ownerUrl].map((url) => openTestPool(url));
});
afterAll(async () => {
  commands.killAll();
  await Promise.all([...clients.map((client) => client.close()), ...pools.map((pool) => pool.end())]);
  await Promise.all([trio.stop(), other.close(), commands.close(), rm(folder, { recursive: true })]);
});

const [here, there] = [() => pools[0] as Pool, () => pools[1] as Pool];
const person = (n: number) => people[n] as TestPerson;
const client = (n: number) => clients[n] as ParleyClient;

async function run(...args: string[]): Promise<[number | null, string]> {
  const command = await commands.start(person(0), ...args);
  return [await command.end(), command.said];
}

async function storeFile(owner: string, name: string, data: Buffer): Promise<string> {
  const [file] = await trio.people.sql(
    `INSERT INTO chat.file (owner_id, name, content_type, size, received, complete, width, height)
     VALUES ($1, $2, 'image/png', $3, $3, true, 1, 1) RETURNING id`,
    [owner, name, data.length],
  );
  const half = data.length >> 1;
  for (const [n, part] of [
    [0, data.subarray(0, half)],
    [half, data.subarray(half)],
  ] as const)
    await trio.people.sql('INSERT INTO chat.file_chunk (file_id, n, data) VALUES ($1, $2, $3)', [file?.id, n, part]);
  await trio.people.sql('INSERT INTO chat.thumbnail (file_id, data) VALUES ($1, $2)', [file?.id, data]);
  return String(file?.id);
}

/** Fills channels with every kind of content, through the services. Returns their ids. */
async function everything(): Promise<number[]> {
  const description = 'what we do';
  const team = await client(0).create({
    name: 'team',
    kind: ChannelKind.PRIVATE,
    description,
    slowModeS: 0,
    limit: 50,
  });
  const [id, names] = [team.id, people.map((one) => one.id)];
  await client(0).members.addAll(id, names.slice(1));
  await client(0).members.setRole(id, names[1] as string, 'admin');
  const chat = await client(0).listen(id);
  const guest = await client(1).listen(id);
  const first = await chat.send('hello\u{1f44b} \u0000 <&> "quoted"', { mentions: [names[1] as string] });
  const fileIds = [await storeFile(names[0] as string, 'one.png', tinyPng)];
  await chat.send('', { fileIds });
  const second = await guest.send('a typo', { replyTo: first.seq });
  await guest.edit(second.seq, 'no typo');
  await chat.react(second.seq, '👍');
  await guest.react(second.seq, '👍');
  await guest.react(second.seq, '🎉');
  await guest.unreact(second.seq, '🎉');
  await chat.pin(first.seq);
  const third = await guest.send('secret words');
  await chat.remove(third.seq);
  await chat.send(Buffer.from([0xff, 0x00, 0xfe]), { contentType: 'application/x-thing' });
  await client(0).members.remove(id, names[2] as string);
  guest.markRead(second.seq);
  const receipt = 'SELECT FROM chat.member WHERE channel_id = $1 AND user_id = $2 AND read_seq >= $3';
  await until(async () => (await trio.people.sql(receipt, [id, names[1], second.seq])).length > 0);
  const direct = await client(0).chats.direct(names[1] as string);
  await (await client(0).listen(direct.id)).send('between us');
  const room = await client(1).create({ name: 'room', limit: 5, retention: { everything: true } });
  await (await client(1).listen(room.id)).send('in a room');
  return [id, direct.id, room.id];
}

let ids: number[];
let original: NewLine[];

test('an export has everything that a channel shows, and never deleted text', async () => {
  ids = await everything();
  original = await exported(here(), ...ids);
  const types = original.map(({ type }) => type);
  expect(types.filter((type) => type === 'channel')).toHaveLength(3);
  expect(original.filter(({ type }) => type === 'message')).toMatchObject([
    { from: 'p-1', text: expect.stringContaining('hello'), mentions: ['p-2'], pinned_by: 'p-1' },
    { from: 'p-1', text: '', files: [expect.any(String)] },
    {
      ...{ from: 'p-2', text: 'no typo', reply_to: 3, edited_at: expect.any(Number) },
      reactions: [{ emoji: '👍', people: ['p-1', 'p-2'] }],
    },
    { from: 'p-2', deleted_at: expect.any(Number) },
    { from: 'p-1', base64: '/wD+', content_type: 'application/x-thing' },
    { text: 'between us' },
    { text: 'in a room' },
  ]);
  expect(original.filter(({ type }) => type === 'member')).toMatchObject([
    { person: 'p-1', role: 'member', joined: 0 },
    { person: 'p-2', role: 'admin', joined: 0, read: 5 },
    { person: 'p-3', out: true },
    { person: 'p-1' },
    { person: 'p-2' },
  ]);
  expect(JSON.stringify(original)).not.toMatch(/secret words|a typo|password/);
  expect(original.at(-1)).toEqual({ type: 'end', lines: original.length - 1 });
});

test('an import into another system, exported again, is equal but for ids', async () => {
  expect(await imported(there(), original, {}, true)).toMatchObject({ people: 3, channels: 3, messages: 7, files: 1 });
  expect((await there().query('SELECT FROM chat.users')).rowCount).toBe(0);
  expect(await imported(there(), original)).toMatchObject({ people: 3, channels: 3 });
  expect(withoutIds(await exported(there()))).toEqual(withoutIds(original));
  const { rows } = await there().query('SELECT password_hash, role FROM chat.users');
  expect(rows).toEqual(Array(3).fill({ password_hash: '!', role: 'user' }));
});

test('importing the same file again adds nothing', async () => {
  const again = await imported(there(), original);
  expect(again).toMatchObject({ people: 0, existing_people: 3, channels: 0, existing_channels: 3, messages: 0 });
  expect(withoutIds(await exported(there()))).toEqual(withoutIds(original));
});

test('an export names people who are gone in changes only, and replies only to messages', async () => {
  const { id } = await client(0).create({ name: 'gone', kind: ChannelKind.GROUP });
  await client(0).members.addAll(id, ['p-2']);
  const chat = await client(0).listen(id);
  const { seq } = await chat.send('hello');
  const data = Buffer.from(
    MemberChange.encode(MemberChange.fromPartial({ userId: 'guest.gone', joined: true })).finish(),
  );
  await trio.people.sql('UPDATE chat.message SET data = $2 WHERE channel_id = $1 AND kind = $3', [
    id,
    data,
    Kind.MEMBER,
  ]);
  await trio.people.sql(
    `UPDATE chat.message SET mentions = '{guest.gone,p-2}', target_seq = seq - 1 WHERE channel_id = $1 AND seq = $2`,
    [id, seq],
  );
  const lines = await exported(here(), id);
  expect(lines).toContainEqual({
    ...{ type: 'person', id: 'guest.gone', user_id: 'guest-gone', name: 'guest.gone', status: 'deleted' },
  });
  const sent = lines.find(({ type }) => type === 'message');
  expect(sent).toMatchObject({ mentions: ['p-2'] });
  expect(sent).not.toHaveProperty('reply_to');
  expect(await imported(there(), lines)).toMatchObject({ channels: 1, messages: 1 });
});

/** Returns what a page of history shows, without ids and seqs. */
function shown(entries: readonly EntryEvent[]): unknown[] {
  const messages = entries.filter((one): one is MessageEvent => one.type === 'message');
  return messages.map((one) => [
    textOf(one),
    one.sender,
    one.timestamp,
    one.deleted,
    one.editedAt,
    one.reactions,
    one.pinnedAt,
    one.fileIds.length,
  ]);
}

test('people who are online see an imported channel, and read all of it', async () => {
  const inbox = new InboxListener(client(0).inbox());
  await until(() => inbox.of('connected').length > 0);
  const map = { 'p-1': 'p-1', 'p-2': 'p-2', 'p-3': 'p-3-too' };
  const totals = await imported(here(), original, map);
  expect(totals).toMatchObject({ people: 1, existing_people: 2, channels: 3, groups: 1 });
  await until(() => inbox.of('added').length === 2);
  const added = inbox.of('added').map(({ channel }) => channel);
  const team = added.find(({ name }) => name === 'team');
  expect(added.map(({ name }) => name).sort()).toEqual(['p-1, p-2', 'team']);
  const { entries } = await client(1).history(team?.id ?? 0);
  expect(shown(entries)).toEqual(shown((await client(1).history(ids[0] as number)).entries));
  for await (const { channel, unread } of client(1).chats.overview())
    if (channel.id === team?.id) expect(unread).toBe(1);
  const chat = await client(1).listen(team?.id ?? 0);
  expect((await chat.send('goes on')).seq).toBe(entries.length + 1);
});

test('the commands export into a file or a pipe, and import it', async () => {
  const file = join(folder, 'team.jsonl');
  const [database, target] = [trio.database.ownerUrl, other.ownerUrl].map((url) => ['--database', url]) as [
    string[],
    string[],
  ];
  const [channel] = ids.map(String) as [string];
  expect(await run('export', '--channel', channel, ...database, file)).toEqual([
    0,
    expect.stringMatching(/ has 1 channel with 5 messages, 1 file and 3 people, in \d+ bytes\.\n$/),
  ]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const [code, piped] = await run('export', '--channel', channel, ...database, '-');
  expect([code, piped.split('\n').length]).toEqual([0, (await readFile(file, 'utf8')).split('\n').length]);
  expect(await run('import', '--dry-run', ...target, file)).toEqual([
    0,
    'This would import 0 channels with 0 messages and 0 files, for 0 new accounts, and 3 accounts that existed before. 1 channel of the file was imported before.\n',
  ]);
  await writeFile(file, Buffer.concat([await readFile(file), Buffer.from([0x22, 0xff, 0x22, 0x0a])]));
  expect(await run('import', ...target, file)).toEqual([
    1,
    expect.stringMatching(/^parley: Line \d+: It is not UTF-8\. Nothing was changed\.\n$/),
  ]);
  await writeFile(file, '{"type":\n');
  expect(await run('import', ...target, file)).toEqual([1, 'parley: Line 1: It is not JSON. Nothing was changed.\n']);
  expect(await run('import', ...target, '/dev/null')).toEqual([
    2,
    expect.stringContaining('/dev/null is not a regular file. An import reads its file twice. Choose a regular file.'),
  ]);
  expect(await run('export', ...database, file)).toEqual([
    2,
    expect.stringContaining('Name the channels with --channel, or give --all.'),
  ]);
  expect(await run('export', '--channel', '999999', ...database, file)).toEqual([
    1,
    expect.stringContaining('There is no channel 999999.'),
  ]);
});

test('the export of another system is imported, and importing it again adds nothing', async () => {
  const slack = join(folder, 'slack');
  await mkdir(join(slack, 'general'), { recursive: true });
  await writeFile(join(slack, 'users.json'), '[{"id":"U1","team_id":"T1","name":"slack.ann"}]');
  await writeFile(join(slack, 'channels.json'), '[{"id":"C1","name":"general","creator":"U1","members":["U1"]}]');
  await writeFile(join(slack, 'general', '2015-07-27.json'), '[{"user":"U1","text":"hi","ts":"1438024118.000002"}]');
  const command = ['import', '--from', 'slack', '--database', other.ownerUrl, slack];
  expect(await run(...command)).toEqual([
    0,
    'Imported 1 channel with 1 message and 0 files, for 1 new account, and 0 accounts that existed before. New accounts have no password: `parley admin reset-password` sets one.\n',
  ]);
  expect(await run(...command)).toEqual([
    0,
    expect.stringContaining('Imported 0 channels with 0 messages and 0 files, for 0 new accounts,'),
  ]);
});
