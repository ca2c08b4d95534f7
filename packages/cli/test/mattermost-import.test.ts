import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mattermostLines } from '../src/transfer/sources/mattermost/mattermost.js';
import { checkSource } from '../src/transfer/sources/sources.js';
import { converted, only } from './transfer-lines.js';

const folder = await mkdtemp(join(tmpdir(), 'parley-mattermost-'));
afterAll(() => rm(folder, { recursive: true }));

const member = (name: string, more: object = {}) => ({ name, roles: 'channel_user', ...more });
const user = (username: string, channels: object[], more: object = {}) => ({
  type: 'user',
  user: {
    username,
    email: `${username}@example.org`,
    nickname: '',
    first_name: '',
    last_name: '',
    teams: [{ name: 'eng', roles: 'team_user', channels }],
    ...more,
  },
});
const lines = [
  { type: 'version', version: 1, info: { generator: 'mattermost-server', version: '9.5.0', created: '2024-01-01' } },
  { type: 'emoji', emoji: { name: 'parrot', image: 'parrot.png' } },
  { type: 'team', team: { name: 'eng', display_name: 'Engineering', type: 'O' } },
  {
    type: 'channel',
    channel: {
      team: 'eng',
      name: 'town-square',
      display_name: 'Town Square',
      type: 'O',
      header: 'Hello',
      purpose: 'All',
    },
  },
  { type: 'channel', channel: { team: 'eng', name: 'ops', display_name: 'Ops', type: 'P' } },
  user('ann', [member('town-square', { roles: 'channel_user channel_admin', last_viewed_at: 3_000 }), member('ops')], {
    nickname: 'Ann',
  }),
  user('bob', [member('town-square')], { first_name: 'Bob', last_name: 'Ray', delete_at: 9_000 }),
  { type: 'bot', bot: { username: 'deploys', owner: 'ann', display_name: 'Deploys' } },
  {
    type: 'post',
    post: {
      ...{
        team: 'eng',
        channel: 'town-square',
        user: 'bob',
        message: 'later :tada: `:tada:`',
        create_at: 4_000,
        edit_at: 5_000,
      },
      is_pinned: true,
    },
  },
  {
    type: 'post',
    post: {
      ...{ team: 'eng', channel: 'town-square', user: 'ann', message: 'Hi @bob.', create_at: 1_000 },
      reactions: [
        { user: 'bob', create_at: 1_500, emoji_name: 'tada' },
        { user: 'ann', create_at: 1_600, emoji_name: 'partyparrot' },
      ],
      replies: [
        {
          user: 'bob',
          message: 'a reply',
          create_at: 6_000,
          attachments: [{ path: '2024/plan.txt' }, { path: '2024/gone.txt' }],
        },
        { user: 'cid', message: 'who left', create_at: 2_000 },
      ],
    },
  },
  {
    type: 'post',
    post: {
      team: 'eng',
      channel: 'ops',
      user: 'deploys',
      message: '',
      create_at: 1_000,
      props: { attachments: [{ text: 'build 7 is green' }] },
    },
  },
  { type: 'direct_channel', direct_channel: { members: ['ann', 'bob'], header: '' } },
  {
    type: 'direct_channel',
    direct_channel: { participants: ['ann', 'bob', 'cid'].map((username) => ({ username })), header: 'Three' },
  },
  {
    type: 'direct_post',
    direct_post: { channel_members: ['bob', 'ann'], user: 'ann', message: 'between us', create_at: 1_000 },
  },
];

async function bulk(
  name: string,
  values: readonly unknown[],
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const text = values.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n');
  for (const [file, content] of Object.entries({ 'import.jsonl': `${text}\n`, ...files })) {
    const path = join(folder, name, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return join(folder, name);
}

test('converts a bulk export of Mattermost, in the order of the times of its posts', async () => {
  const path = await bulk('sample', lines, { 'data/2024/plan.txt': 'a plan' });
  const all = await converted(mattermostLines(path));
  expect(all[0]).toMatchObject({ source: 'mattermost/eng' });
  expect(only(all, 'person')).toMatchObject([
    { id: 'ann', name: 'Ann' },
    { id: 'bob', name: 'Bob Ray', status: 'suspended' },
    { id: 'deploys', name: 'Deploys', bot: true },
    { id: 'cid', name: 'cid' },
  ]);
  expect(only(all, 'channel')).toMatchObject([
    { id: 'eng/town-square', kind: 'public', name: 'Town Square', owner: 'ann', description: 'Hello\nAll' },
    { id: 'eng/ops', kind: 'private', name: 'Ops', owner: 'ann' },
    { kind: 'direct', pair: ['ann', 'bob'] },
    { kind: 'group', name: 'ann, bob, cid', description: 'Three' },
  ]);
  expect(only(all, 'message')).toMatchObject([
    {
      ...{ n: 1, at: 1_000, from: 'ann', text: 'Hi @bob.\n[:partyparrot: ann]', mentions: ['bob'] },
      reactions: [{ emoji: '🎉', people: ['bob'] }],
    },
    { n: 2, at: 2_000, from: 'cid', text: 'who left', reply_to: 1 },
    { n: 3, at: 4_000, from: 'bob', text: 'later 🎉 `:tada:`', edited_at: 5_000, pinned_by: 'bob' },
    { n: 4, at: 6_000, from: 'bob', text: 'a reply', reply_to: 1, files: ['2024/plan.txt', '2024/gone.txt'] },
    { n: 1, from: 'deploys', text: 'build 7 is green' },
    { n: 1, from: 'ann', text: 'between us' },
  ]);
  expect(only(all, 'file')).toMatchObject([
    { name: 'plan.txt', size: 6 },
    { name: 'gone.txt', missing: true },
  ]);
  expect(only(all, 'bytes').map(({ base64 }) => Buffer.from(base64, 'base64').toString())).toEqual(['a plan']);
  expect(only(all, 'member')).toMatchObject([
    { person: 'ann', role: 'admin', read: 2 },
    { person: 'bob' },
    { person: 'ann' },
    ...['ann', 'bob', 'ann', 'bob', 'cid'].map((person) => ({ person })),
  ]);
});

test('refuses a damaged bulk export, and names the line', async () => {
  const refused = async (name: string, ...values: unknown[]) => converted(mattermostLines(await bulk(name, values)));
  await expect(refused('version', { type: 'version', version: 2 })).rejects.toThrow('Line 1: "version" is wrong.');
  await expect(refused('json', lines[0], '{"type":')).rejects.toThrow('Line 2: It is not JSON.');
  await expect(refused('type', lines[0], { type: 'poll' })).rejects.toThrow('Line 2: "type" is wrong.');
  await expect(refused('author', post({ user: undefined }))).rejects.toThrow('Line 1: "post.user" is wrong.');
  await expect(refused('future', post({ create_at: 9e12 }))).rejects.toThrow('Line 1: "at" is wrong.');
  await expect(refused('path', post({ attachments: [{ path: '../../etc/passwd' }] }))).rejects.toThrow(
    'Line 1: The path of a file leads elsewhere.',
  );
});

const post = (more: object) => ({
  type: 'post',
  post: { team: 'eng', channel: 'ops', user: 'ann', message: 'x', create_at: 1_000, ...more },
});
const bot = { type: 'bot', bot: { username: 'deploys', display_name: 'Deploys' } };

test('a channel without members belongs to a human who has written in it, or is left out', async () => {
  const values = [
    ...[lines[0], lines[2], user('zoe', []), user('ann', []), bot],
    ...[post({ user: 'deploys' }), post({ user: 'ann' })],
    post({ channel: 'alerts', user: 'deploys' }),
  ];
  const leftOut: string[] = [];
  const path = await bulk('no-members', values);
  const all = await converted(mattermostLines(path, { leaveOut: (name) => leftOut.push(name) }));
  expect(only(all, 'channel')).toMatchObject([{ id: 'eng/ops', owner: 'ann' }]);
  expect(only(all, 'member')).toMatchObject([{ person: 'ann' }]);
  expect(leftOut).toEqual(['eng/alerts']);
});

test('a bot owns no channel of Mattermost with a human', async () => {
  const admin = [member('ops', { roles: 'channel_admin' })];
  const values = [lines[2], lines[4], bot, user('deploys', admin), user('ann', [member('ops')])];
  const all = await converted(mattermostLines(await bulk('bot-admin', values)));
  expect(only(all, 'channel')).toMatchObject([{ owner: 'ann' }]);
  expect(only(all, 'member')).toMatchObject([{ person: 'ann' }]);
});

test('--source names the server of a bulk export', async () => {
  const path = await bulk('source', [lines[2]]);
  expect((await converted(mattermostLines(path, { source: 'hq' })))[0]).toMatchObject({ source: 'mattermost/hq' });
  expect(() => checkSource('mattermost', undefined)).toThrow('Name it with --source');
  expect(() => checkSource('parley', 'hq')).toThrow('Leave out --source.');
  checkSource('slack', undefined);
});

test('read marks count messages, also in direct chats and after long posts', async () => {
  const direct = (create_at: number, message: string) => ({
    type: 'direct_post',
    direct_post: { channel_members: ['bob', 'ann'], user: 'ann', message, create_at },
  });
  const people = [
    { username: 'ann', last_viewed_at: 1_500 },
    { username: 'bob', last_viewed_at: 500 },
    { username: 'cid', last_viewed_at: 3_000 },
  ];
  const values = [
    { type: 'direct_channel', direct_channel: { participants: people.slice(0, 2) } },
    ...[direct(1_000, 'x'.repeat(70_000)), direct(2_000, 'late')],
    { type: 'direct_channel', direct_channel: { participants: people } },
  ];
  const all = await converted(mattermostLines(await bulk('direct-read', values)));
  expect(only(all, 'member')).toMatchObject([
    ...[{ read: 2 }, { read: 0 }],
    ...[{ read: 0 }, { read: 0 }, { read: 0 }],
  ]);
});

test('a long description of Mattermost becomes the first message', async () => {
  const values = [
    { type: 'channel', channel: { team: 'eng', name: 'ops', type: 'P', header: 'h'.repeat(1_024) } },
    ...[user('ann', [member('ops', { last_viewed_at: 1_500 })]), post({}), post({ create_at: 2_000 })],
  ];
  const all = await converted(mattermostLines(await bulk('long-header', values)));
  expect(only(all, 'channel')).toMatchObject([{ description: `${'h'.repeat(999)}…` }]);
  expect(only(all, 'message')).toMatchObject([
    { n: 1, at: 1_000, from: 'ann', text: 'h'.repeat(1_024) },
    { n: 2 },
    { n: 3 },
  ]);
  expect(only(all, 'member')).toMatchObject([{ read: 2 }]);
});

test('a bulk export without its lines is refused', async () => {
  const path = join(folder, 'no-lines');
  await mkdir(path);
  await expect(converted(mattermostLines(path))).rejects.toThrow(
    'import.jsonl cannot be read (ENOENT). Choose another file.',
  );
});

test('reads no file outside of the export, not even through a symbolic link', async () => {
  await writeFile(join(folder, 'secret'), 'hunter2');
  const linked = (path: string) => post({ attachments: [{ path }] });
  const file = await bulk('linked-file', [linked('plan.txt')], { 'data/a.txt': 'a' });
  await symlink(join(folder, 'secret'), join(file, 'data/plan.txt'));
  const whole = await bulk('linked-folder', [linked('secret')]);
  await symlink(folder, join(whole, 'data'));
  for (const path of [file, whole])
    await expect(converted(mattermostLines(path))).rejects.toThrow('Line 1: The path of a file leads elsewhere.');
  const inside = await bulk('linked-inside', [linked('b.txt')], { 'data/a.txt': 'a' });
  await symlink(join(inside, 'data/a.txt'), join(inside, 'data/b.txt'));
  expect(only(await converted(mattermostLines(inside)), 'file')).toMatchObject([{ name: 'b.txt', size: 1 }]);
});
