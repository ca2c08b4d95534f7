import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { channelNames } from '../src/transfer/sources/people-names.js';
import { slackLines } from '../src/transfer/sources/slack/slack.js';
import { splitText } from '../src/transfer/sources/split-text.js';
import { converted, only } from './transfer-lines.js';

const folder = await mkdtemp(join(tmpdir(), 'parley-slack-'));
afterAll(() => rm(folder, { recursive: true }));

/** Writes JSON files into a new folder. */
async function files(name: string, contents: Readonly<Record<string, unknown>>): Promise<string> {
  for (const [file, value] of Object.entries(contents)) {
    const path = join(folder, name, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return join(folder, name);
}

const users = [
  { id: 'U1', team_id: 'T1', name: 'ann.lee', deleted: false, profile: { display_name: 'Ann', real_name: 'Ann Lee' } },
  { id: 'U2', team_id: 'T1', name: 'bob', deleted: true, profile: { display_name: '', real_name: 'Bob Ray' } },
  { id: 'U3', team_id: 'T1', name: 'ANN.LEE', is_bot: true, real_name: 'Deploys' },
];
const general = {
  ...{ id: 'C1', name: 'general', created: 1_438_024_000, creator: 'U1', members: ['U1', 'U2', 'U3'] },
  topic: { value: 'Talk &amp; more' },
  purpose: { value: 'Everything' },
  pins: [{ id: '1438024118.000002', type: 'C', user: 'U2', created: 1_438_024_200 }],
};

const day = [
  {
    type: 'message',
    subtype: 'channel_join',
    user: 'U2',
    text: '<@U2> has joined the channel',
    ts: '1438024100.000001',
  },
  {
    ...{ type: 'message', user: 'U1', ts: '1438024118.000002', thread_ts: '1438024118.000002', reply_count: 1 },
    text: 'Hi <@U2>, see <#C1|general> and <https://example.org/a?b=1&amp;c=2|the page>: *bold* ~gone~ 1 &lt; 2 :tada: `*code* <https://x.org|x.org>` <!here>',
    edited: { user: 'U1', ts: '1438024119.000000' },
    reactions: [
      { name: '+1::skin-tone-3', users: ['U2', 'UEXT'], count: 2 },
      { name: 'partyparrot', users: ['U2'], count: 1 },
    ],
  },
  {
    ...{ type: 'message', user: 'U2', ts: '1438024300.000400', thread_ts: '1438024118.000002', text: '' },
    files: [{ id: 'F1', name: 'plan.pdf', url_private: 'https://files.slack.com/plan.pdf' }],
  },
  {
    type: 'message',
    subtype: 'bot_message',
    bot_id: 'B9',
    username: 'Builds',
    text: '',
    ts: '1438024200.000000',
    attachments: [{ fallback: 'x', title: 'Build 7', text: 'is green' }],
  },
  {
    type: 'message',
    subtype: 'tombstone',
    user: 'USLACKBOT',
    text: 'This message was deleted.',
    ts: '1438024400.000000',
    hidden: true,
  },
];

const sample = () =>
  files('sample', {
    'users.json': users,
    'channels.json': [general],
    'dms.json': [{ id: 'D1', created: 1_438_024_000, members: ['U1', 'U2'] }],
    'mpims.json': [{ id: 'G1', name: 'mpdm-ann--bob-1', members: ['U1', 'U2'] }],
    'general/2015-07-27.json': day,
    'general/2015-07-28.json': [{ type: 'message', user: 'U1', text: 'x'.repeat(70_000), ts: '1438110000.000000' }],
    'D1/2015-07-28.json': [{ type: 'message', user: 'U1', text: 'between us', ts: '1438110000.000000' }],
  });

test('converts an export of Slack: people, kinds of channels, and members', async () => {
  const lines = await converted(slackLines(await sample()));
  expect(lines[0]).toMatchObject({ source: 'slack/T1' });
  expect(only(lines, 'person')).toMatchObject([
    { id: 'U1', user_id: 'ann.lee', name: 'Ann' },
    { id: 'U2', user_id: 'bob', name: 'Bob Ray', status: 'suspended' },
    { id: 'U3', user_id: 'ANN.LEE-U3', name: 'Deploys', bot: true },
    { id: 'UEXT', user_id: 'UEXT' },
    { id: 'B9', user_id: 'Builds', name: 'Builds', bot: true },
    { id: 'USLACKBOT', name: 'Slackbot', bot: true },
  ]);
  expect(only(lines, 'channel')).toMatchObject([
    {
      id: 'C1',
      kind: 'public',
      name: 'general',
      owner: 'U1',
      description: 'Talk & more\nEverything',
      created_at: 1_438_024_000_000,
    },
    { id: 'G1', kind: 'group', name: 'ann.lee, bob' },
    { id: 'D1', kind: 'direct', pair: ['U1', 'U2'] },
  ]);
  expect(only(lines, 'member').map(({ person }) => person)).toEqual(['U1', 'U2', 'U1', 'U2', 'U1', 'U2']);
});

test('converts messages of Slack in the order of their times: text, threads, reactions, files, edits, joins', async () => {
  const lines = await converted(slackLines(await sample()));
  expect(only(lines, 'change')).toEqual([
    { type: 'change', n: 1, at: 1_438_024_100_000, by: 'U2', people: ['U2'], joined: true, role: 'member' },
  ]);
  const [first, build, reply, deleted, long, rest] = only(lines, 'message');
  expect(first).toEqual({
    ...{ type: 'message', n: 2, at: 1_438_024_118_000, from: 'U1', mentions: ['U2'], edited_at: 1_438_024_119_000 },
    text: 'Hi @bob, see #general and [the page](https://example.org/a?b=1&c=2): **bold** ~~gone~~ 1 < 2 🎉 `*code* x.org` @here\n[:partyparrot: bob]',
    reactions: [{ emoji: '👍🏼', people: ['U2', 'UEXT'] }],
    ...{ pinned_at: 1_438_024_200_000, pinned_by: 'U2' },
  });
  expect(build).toMatchObject({ n: 3, from: 'B9', text: 'Build 7\nis green' });
  expect(reply).toMatchObject({
    n: 4,
    at: 1_438_024_300_000,
    reply_to: 2,
    text: '[plan.pdf](https://files.slack.com/plan.pdf)',
  });
  expect(deleted).toEqual({
    type: 'message',
    n: 5,
    at: 1_438_024_400_000,
    from: 'USLACKBOT',
    deleted_at: 1_438_024_400_000,
  });
  expect([long?.text?.length, rest?.text?.length]).toEqual([65_536, 70_000 - 65_536]);
});

test('refuses a damaged export of Slack, and names the place', async () => {
  const head = { 'users.json': users, 'channels.json': [general] };
  const lines = async (name: string, more: Readonly<Record<string, unknown>>) =>
    converted(slackLines(await files(name, { ...head, ...more })));
  await expect(lines('json', { 'general/2015-07-27.json': '[{"ts":' })).rejects.toThrow(
    'general/2015-07-27.json: It is not JSON.',
  );
  await expect(lines('time', { 'general/2015-07-27.json': [day[0], { text: 'x', ts: 'now' }] })).rejects.toThrow(
    'general/2015-07-27.json, item 2: "ts" is wrong.',
  );
  await expect(
    lines('future', { 'general/2015-07-27.json': [{ user: 'U1', text: 'x', ts: '4000000000.0' }] }),
  ).rejects.toThrow('general/2015-07-27.json, item 1: "at" is in the future.');
  await expect(lines('path', { 'channels.json': [{ ...general, name: '../up' }] })).rejects.toThrow(
    '"../up" is not the name of a channel.',
  );
  await expect(converted(slackLines(join(folder, 'none')))).rejects.toThrow('has no users.json and channels.json.');
  const archive = join(await files('packed', { 'slack.zip': 'PK' }), 'slack.zip');
  await expect(converted(slackLines(archive))).rejects.toThrow('Unpack the export of Slack, and name its folder.');
});

/** Returns the lines of an export with one private channel. */
const privateChannel = async (name: string, channel: object, messages: readonly object[]) =>
  converted(
    slackLines(
      await files(name, {
        'users.json': users,
        'channels.json': [],
        'groups.json': [{ id: 'P1', name: 'board', ...channel }],
        'board/2015-07-27.json': messages,
      }),
    ),
  );
const ownerAndMembers = (lines: Awaited<ReturnType<typeof converted>>) => [
  only(lines, 'channel').map(({ owner }) => owner),
  only(lines, 'member').map(({ person }) => person),
];

test('a channel of Slack belongs to its creator only if they are a member, or if nobody is', async () => {
  const said = { type: 'message', user: 'U2', text: 'hi', ts: '1438024100.000001' };
  const at = (name: string, channel: object) => privateChannel(name, channel, [said]).then(ownerAndMembers);
  expect(await at('left', { creator: 'U1', members: ['U3', 'U2'] })).toEqual([['U2'], ['U2']]);
  expect(await at('stayed', { creator: 'U1', members: ['U2', 'U1'] })).toEqual([['U1'], ['U2', 'U1']]);
  expect(await at('archived', { creator: 'U1', members: [] })).toEqual([['U1'], ['U1']]);
  expect(await at('bots', { creator: 'U1', members: ['U3'] })).toEqual([['U3'], []]);
  expect(await at('author', { members: [] })).toEqual([['U2'], ['U2']]);
});

test('a channel of Slack without people is left out and reported', async () => {
  const path = await files('nobody', { 'users.json': users, 'channels.json': [{ id: 'C9', name: 'empty' }] });
  const leftOut: string[] = [];
  const lines = await converted(slackLines(path, { leaveOut: (name) => leftOut.push(name) }));
  expect([only(lines, 'channel'), leftOut]).toEqual([[], ['empty']]);
});

test('a reply to a change of members becomes a message', async () => {
  const [join] = day;
  const reply = { type: 'message', user: 'U1', text: 'welcome', ts: '1438024101.000001', thread_ts: join?.ts };
  const lines = await privateChannel('welcome', { creator: 'U1', members: ['U1'] }, [
    { ...join, thread_ts: join?.ts },
    reply,
  ]);
  expect(only(lines, 'message')).toEqual([
    { type: 'message', n: 2, at: 1_438_024_101_000, from: 'U1', text: 'welcome' },
  ]);
});

test('an export of Slack has the id of most of its users', async () => {
  const guest = { id: 'U9', team_id: 'T9', name: 'guest' };
  const path = await files('teams', { 'users.json': [guest, ...users], 'channels.json': [] });
  expect((await converted(slackLines(path)))[0]).toMatchObject({ source: 'slack/T1' });
  expect((await converted(slackLines(path, { source: 'hq' })))[0]).toMatchObject({ source: 'slack/hq' });
});

test('a folder of Slack that cannot be read ends the import', async () => {
  const path = await files('no-folder', { 'users.json': users, 'channels.json': [general], general: 'a file' });
  await expect(converted(slackLines(path))).rejects.toThrow('general cannot be read (ENOTDIR). Choose another folder.');
});

test('an app of Slack with an empty user is a bot', async () => {
  const app = { type: 'message', user: '', bot_id: 'B7', text: 'x', ts: '1438024101.000001' };
  const lines = await privateChannel('app', { creator: 'U1', members: ['U1'] }, [app]);
  expect(only(lines, 'person').at(-1)).toMatchObject({ id: 'B7', bot: true });
});

test('Slackbot is a bot, also if the export says that it is none', async () => {
  const slackbot = { id: 'USLACKBOT', team_id: 'T1', name: 'slackbot', is_bot: false };
  const path = await files('slackbot', {
    'users.json': [slackbot, ...users],
    'channels.json': [{ id: 'C8', name: 'tips', creator: 'USLACKBOT', members: ['USLACKBOT', 'U1'] }],
  });
  expect(ownerAndMembers(await converted(slackLines(path)))).toEqual([['U1'], ['U1']]);
});

test('a name of a channel ends with … only if it was cut', () => {
  expect(channelNames('Cafe\u0301', ['About']).shown).toEqual({ name: 'Café', description: 'About' });
  expect(channelNames('a\u202eb', []).shown.name).toBe('ab');
  expect(channelNames('x'.repeat(65), []).shown.name).toBe(`${'x'.repeat(63)}…`);
});

test('a description that is too long is shortened, and is whole in a message', () => {
  const text = `${'x'.repeat(998)}😀${'y'.repeat(70_000)}`;
  const { shown, opening } = channelNames('a', [text]);
  expect(shown.description).toBe(`${'x'.repeat(998)}…`);
  expect(opening.join('')).toBe(text);
  expect(channelNames('a', ['x'.repeat(1_000)])).toEqual({
    shown: { name: 'a', description: 'x'.repeat(1_000) },
    opening: [],
  });
});

test('a text is split between two characters', () => {
  expect(splitText('aé😀b', 3)).toEqual(['aé', '😀', 'b']);
  expect(splitText('abc', 3)).toEqual(['abc']);
});
