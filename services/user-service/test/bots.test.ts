import { createHash, randomBytes } from 'node:crypto';
import { Client, credentials } from '@grpc/grpc-js';
import {
  AbuseReport,
  AdminService,
  ChangeMemberRequest,
  Channel,
  type ChannelKind,
  ChannelService,
  DeleteUserRequest,
  HistoryRequest,
  Invite,
  ListCommandsRequest,
  ListMembersRequest,
  SearchRequest,
  User,
} from '@parley/contract';
import { clientOptions } from '@parley/rpc';
import { callPatiently, openTestDatabase, ServiceProcess, type TestDatabase } from '@parley/testkit';
import { Accounts, reasonOf } from './accounts.js';

const withinMs = 60_000;
let database: TestDatabase;
let accounts: Accounts;
let manager: ServiceProcess;
let client: Client;
let root: string;
let owner: string;
let admin: string;
let member: string;
let stranger: string;
let group: number;
let other: number;
let bots = 0;

async function make(token: string, kind: ChannelKind): Promise<number> {
  const request = Channel.fromPartial({ name: 'c', kind, limit: kind === 1 ? 25 : 0 });
  return (await callPatiently(client, ChannelService.create, request, { token, withinMs })).id;
}

function add(token: string, channelId: number, userId: string, change: Partial<ChangeMemberRequest> = { add: true }) {
  const request = ChangeMemberRequest.fromPartial({ channelId, userId, ...change });
  return callPatiently(client, ChannelService.changeMember, request, { token, withinMs });
}

beforeAll(async () => {
  database = await openTestDatabase();
  accounts = await Accounts.start({}, database);
  manager = await ServiceProcess.start('channel-service', { PARLEY_DATABASE_URL: database.urlFor('chat_manager') });
  client = new Client(manager.grpc, credentials.createInsecure(), clientOptions);
  [root, owner, admin, member, stranger] = (await Promise.all(
    ['root', 'owner', 'admin', 'member', 'stranger'].map((id) => accounts.token(id)),
  )) as [string, string, string, string, string];
  await accounts.sql("UPDATE chat.users SET role = 'admin' WHERE id = 'root'");
  group = await make(owner, 3);
  other = await make(owner, 3);
  for (const id of ['admin', 'member']) await add(owner, group, id);
  await add(owner, group, 'admin', { role: 2 });
});
beforeEach(() => accounts.sql('DELETE FROM chat.rate'));
afterAll(async () => {
  client.close();
  await manager.stop();
  await accounts.stop();
  await database.close();
});

test('a bot calls with its token, which is stored as a hash and lives for decades', async () => {
  const { token, user } = await accounts.createBot(root, { userId: 'helper', name: 'A helper' });
  expect(token).toMatch(/^bot_[\w-]{43}$/);
  expect(user).toMatchObject({ id: 'helper', name: 'A helper', bot: true });
  expect(await accounts.get(token, { id: 'helper' })).toMatchObject({ bot: true });
  expect(await accounts.get(member, { id: 'helper' })).toMatchObject({ bot: true });
  const [session] = await accounts.sql(
    "SELECT token_hash, expires_at > now() + interval '50 years' AS lasts FROM chat.session WHERE user_id = 'helper'",
  );
  expect(session).toEqual({ token_hash: createHash('sha256').update(token).digest(), lasts: true });
  expect(await make(token, 3)).toBeGreaterThan(0);
  expect(await accounts.sql("SELECT actor, target FROM chat.audit WHERE action = 'bot.create'")).toEqual([
    { actor: 'root', target: 'helper' },
  ]);
});

test('a bot has no password and cannot log in', async () => {
  for (const password of ['!', '', 'bot_helper', 'correct horse']) {
    expect(await reasonOf(accounts.login('helper', { password }))).toBe('wrong-credentials');
  }
});

test('refuses tokens that belong to no bot', async () => {
  const invented = `bot_${randomBytes(32).toString('base64url')}`;
  for (const token of [invented, 'bot_', 'bot_x', `${invented}x`]) {
    expect(await reasonOf(accounts.get(token, { id: 'root' }))).toBe('invalid-token');
  }
  const flood = Array.from({ length: 60 }, (_, n) => reasonOf(accounts.get(`bot_${String(n).padEnd(43, 'x')}`, {})));
  expect(new Set(await Promise.all(flood))).toEqual(new Set(['invalid-token']));
});

test('the owner and the admins of a channel make bots for it, and nobody else learns whether the channel exists', async () => {
  const tries = [
    [owner, group, 'ok'],
    [admin, group, 'ok'],
    [member, group, 'not-channel-admin'],
    [stranger, group, 'channel-not-found'],
    [stranger, 2_000_000_000, 'channel-not-found'],
    [stranger, 4_294_967_295, 'invalid-channel-id'],
    [owner, 0, 'not-operator'],
    [root, group, 'ok'],
    [root, 2_000_000_000, 'channel-not-found'],
  ] as const;
  for (const [n, [token, channelId, reason]] of tries.entries()) {
    expect([n, await reasonOf(accounts.createBot(token, { userId: `made-${n}`, channelId }))]).toEqual([n, reason]);
    if (reason !== 'ok') expect(await reasonOf(accounts.listBots(token, channelId))).toBe(reason);
  }
  const { users } = await accounts.listBots(admin, group);
  expect(users.map(({ id, bot, createdBy }) => [id, bot, createdBy])).toEqual([
    ['made-0', true, 'owner'],
    ['made-1', true, 'admin'],
    ['made-7', true, 'root'],
  ]);
  const pages = [await accounts.listBots(root, 0, { size: 2 })];
  pages.push(await accounts.listBots(root, 0, { size: 2, after: pages[0]?.next ?? '' }));
  expect(pages.map(({ users: page, next }) => [page.map(({ id }) => id), next])).toEqual([
    [['helper', 'made-0'], 'made-0'],
    [['made-1', 'made-7'], ''],
  ]);
});

test.each([
  ['a bad id', { userId: 'a b' }, 'invalid-user-id'],
  ['a taken id', { userId: 'ROOT' }, 'user-id-taken'],
  ['an invisible name', { userId: 'fine', name: '\u202e' }, 'invalid-name'],
])('refuses a bot with %s', async (_, bot, reason) => {
  expect(await reasonOf(accounts.createBot(root, bot))).toBe(reason);
});

test('a channel has at most 10 bots, even if they are created at once', async () => {
  const crowded = await make(owner, 3);
  const tries = Array.from({ length: 15 }, (_, n) =>
    reasonOf(accounts.createBot(root, { userId: `crowd-${n}`, channelId: crowded })),
  );
  const reasons = await Promise.all(tries);
  expect(reasons.filter((reason) => reason === 'ok')).toHaveLength(10);
  expect(reasons.filter((reason) => reason === 'too-many-bots')).toHaveLength(5);
});

test('a bot of one channel cannot be in another', async () => {
  const { token } = await accounts.createBot(admin, { userId: 'bound', channelId: group });
  const hall = await make(owner, 4);
  const room = await make(owner, 1);
  expect(await reasonOf(add(owner, other, 'bound'))).toBe('bot-channel');
  const join = Invite.fromPartial({ channelId: hall });
  const calls = [
    callPatiently(client, ChannelService.join, join, { token, withinMs }),
    callPatiently(client, ChannelService.listen, Channel.fromPartial({ id: room }), { token, withinMs }),
    callPatiently(client, ChannelService.openDirect, User.fromPartial({ id: 'owner' }), { token, withinMs }),
    callPatiently(client, ChannelService.openDirect, User.fromPartial({ id: 'bound' }), { token: owner, withinMs }),
    make(token, 3),
    add(token, hall, 'bound'),
    callPatiently(client, ChannelService.history, HistoryRequest.fromPartial({ channelId: room }), { token, withinMs }),
    callPatiently(client, ChannelService.search, SearchRequest.fromPartial({ channelId: room, text: 'hi' }), {
      token,
      withinMs,
    }),
    callPatiently(client, ChannelService.listMembers, ListMembersRequest.fromPartial({ channelId: hall }), {
      token,
      withinMs,
    }),
    callPatiently(client, ChannelService.reportAbuse, AbuseReport.fromPartial({ channelId: room, userId: 'owner' }), {
      token,
      withinMs,
    }),
  ];
  expect(await Promise.all(calls.map(reasonOf))).toEqual(calls.map(() => 'bot-channel'));
  expect(await reasonOf(add(owner, group, 'bound'))).toBe('ok');
  const listen = callPatiently(client, ChannelService.listen, Channel.fromPartial({ id: group }), { token, withinMs });
  expect(await reasonOf(listen)).toBe('no-server');
  expect(await accounts.sql("SELECT channel_id FROM chat.member WHERE user_id = 'bound'")).toEqual([
    { channel_id: group },
  ]);
});

test('a revoked bot has no session, and others learn only that there is no such bot', async () => {
  const { token } = await accounts.createBot(admin, { userId: 'brief', channelId: group });
  await accounts.createBot(root, { userId: 'global' });
  for (const [who, id] of [
    [member, 'brief'],
    [stranger, 'brief'],
    [admin, 'global'],
    [admin, 'member'],
    [root, 'member'],
    [root, 'nobody'],
  ] as const) {
    expect(await reasonOf(accounts.revokeBot(who, id))).toBe('user-not-found');
  }
  expect(await reasonOf(accounts.get(token, { id: 'brief' }))).toBe('ok');
  await accounts.revokeBot(admin, 'BRIEF');
  expect(await reasonOf(accounts.get(token, { id: 'brief' }))).toBe('logged-out');
  await accounts.sql("UPDATE chat.users SET status = 'active' WHERE id = 'brief'");
  expect(await reasonOf(accounts.get(token, { id: 'brief' }))).toBe('logged-out');
  expect((await accounts.listBots(root, group)).users.map(({ id }) => id)).not.toContain('brief');
  expect(await reasonOf(accounts.createBot(root, { userId: 'brief' }))).toBe('user-id-taken');
  const audit = "SELECT actor, target FROM chat.audit WHERE action = 'bot.revoke'";
  expect(await accounts.sql(audit)).toEqual([{ actor: 'admin', target: 'brief' }]);
});

test('a bot that is a channel admin cannot make bots', async () => {
  const { token } = await accounts.createBot(admin, { userId: 'maker', channelId: group });
  await add(owner, group, 'maker');
  await add(owner, group, 'maker', { role: 2 });
  expect(await reasonOf(accounts.createBot(token, { userId: 'child', channelId: group }))).toBe('not-channel-admin');
});

test('a bot can neither end its own token nor set a password', async () => {
  const { token } = await accounts.createBot(root, { userId: 'steady' });
  const [session] = await accounts.sessions(token);
  for (const more of [{}, { everywhere: true }, { sessionId: session?.id ?? '' }]) {
    expect(await reasonOf(accounts.logout(token, more))).toBe('bot-session');
  }
  const newPassword = 'battery staple';
  expect(await reasonOf(accounts.update(token, { newPassword, password: '!' }))).toBe('no-password');
  expect(await accounts.get(token, { id: 'steady' })).toMatchObject({ bot: true });
});

const rolls = ['roll', 'Rolls a die'] as const;

/** Lists the commands of a chat, each as `/name@bot`, in pages of two. */
async function commandsIn(token: string, channelId: number): Promise<string[]> {
  const found: string[] = [];
  for (let after = '', first = true; first || after !== ''; first = false) {
    const request = ListCommandsRequest.fromPartial({ channelId, page: { size: 2, after } });
    const page = await callPatiently(client, ChannelService.listCommands, request, { token, withinMs });
    found.push(...page.commands.map(({ name, botId }) => `/${name}@${botId}`));
    after = page.next;
  }
  return found;
}

test('a bot and those who may revoke it replace its commands, and the members of its chats list them', async () => {
  const { token } = await accounts.createBot(admin, { userId: 'dice', name: 'Dice', channelId: group });
  const { token: other } = await accounts.createBot(root, { userId: 'coin' });
  await add(owner, group, 'dice');
  expect(await commandsIn(member, group)).toEqual([]);
  for (const [who, bot, reason] of [
    [token, '', 'ok'],
    [token, 'Dice', 'ok'],
    [owner, 'dice', 'ok'],
    [admin, 'dice', 'ok'],
    [root, 'dice', 'ok'],
    [member, 'dice', 'user-not-found'],
    [stranger, 'dice', 'user-not-found'],
    [other, 'dice', 'user-not-found'],
    [admin, 'coin', 'user-not-found'],
    [member, '', 'user-not-found'],
    [root, 'member', 'user-not-found'],
    [root, 'nobody', 'user-not-found'],
    [root, 'no body', 'invalid-user-id'],
  ] as const) {
    expect([bot, await reasonOf(accounts.setCommands(who, bot, [rolls]))]).toEqual([bot, reason]);
  }
  await accounts.setCommands(token, '', [['toss', 'Tosses'], rolls, ['2-3_d', 'Rolls two or three dice']]);
  await accounts.setCommands(other, '', [rolls]);
  expect(await commandsIn(member, group)).toEqual(['/2-3_d@dice', '/roll@dice', '/toss@dice']);
  await add(owner, group, 'coin');
  expect(await commandsIn(member, group)).toEqual(['/2-3_d@dice', '/roll@coin', '/roll@dice', '/toss@dice']);
  const request = ListCommandsRequest.fromPartial({ channelId: group, page: { after: 'roll@coin', size: 1 } });
  const { commands } = await callPatiently(client, ChannelService.listCommands, request, { token: member, withinMs });
  expect(commands).toEqual([{ name: 'roll', description: 'Rolls a die', botId: 'dice', botName: 'Dice' }]);
  await accounts.setCommands(owner, 'dice', []);
  expect(await commandsIn(owner, group)).toEqual(['/roll@coin']);
});

test('lists only the commands of active bots that are members, and deletes those of a bot that has ended', async () => {
  const chat = await make(owner, 3);
  for (const userId of ['gone', 'paused', 'revoked', 'erased', 'elsewhere']) {
    const { token } = await accounts.createBot(root, { userId });
    await accounts.setCommands(token, '', [rolls]);
    if (userId !== 'elsewhere') await add(owner, chat, userId);
  }
  expect(await commandsIn(owner, chat)).toEqual(['/roll@erased', '/roll@gone', '/roll@paused', '/roll@revoked']);
  await add(owner, chat, 'gone', { remove: true });
  const paused = User.fromPartial({ id: 'paused', status: 2 });
  await callPatiently(client, AdminService.setUser, paused, { token: root, withinMs });
  await accounts.revokeBot(root, 'revoked');
  const erased = DeleteUserRequest.fromPartial({ userId: 'erased' });
  await callPatiently(client, AdminService.deleteUser, erased, { token: root, withinMs });
  expect(await commandsIn(owner, chat)).toEqual([]);
  for (const id of ['revoked', 'erased'])
    expect(await reasonOf(accounts.setCommands(root, id, [rolls]))).toBe('user-not-found');
  await callPatiently(client, AdminService.setUser, { ...paused, status: 1 }, { token: root, withinMs });
  await add(owner, chat, 'gone');
  expect(await commandsIn(owner, chat)).toEqual(['/roll@gone', '/roll@paused']);
  const kept = "SELECT bot_id FROM chat.bot_command WHERE bot_id IN ('revoked', 'erased')";
  expect(await accounts.sql(kept)).toEqual([]);
});

test('members of a chat list its commands, and others are refused', async () => {
  const hall = await make(owner, 4);
  const room = await make(owner, 1);
  const tries = [
    [member, group, '', 'ok'],
    [stranger, group, '', 'channel-not-found'],
    [stranger, hall, '', 'not-a-member'],
    [owner, room, '', 'wrong-kind'],
    [owner, 0, '', 'invalid-channel-id'],
    [member, group, 'roll', 'invalid-page'],
    [member, group, 'roll@', 'invalid-page'],
    [member, group, 'Roll@dice', 'invalid-page'],
    [member, group, 'roll@a b', 'invalid-page'],
  ] as const;
  for (const [token, channelId, after, reason] of tries) {
    const request = ListCommandsRequest.fromPartial({ channelId, page: { after } });
    const call = callPatiently(client, ChannelService.listCommands, request, { token, withinMs });
    expect([after, await reasonOf(call)]).toEqual([after, reason]);
  }
});

const many = (count: number) => Array.from({ length: count }, (_, n) => [`c${n}`, 'x'] as const);

test.each<[string, readonly (readonly [string, string])[], string]>([
  ['51 commands', many(51), 'at most 50 commands'],
  ['an empty name', [['', 'x']], 'name of command 1'],
  ['a name of 33 characters', [rolls, ['x'.repeat(33), 'x']], 'name of command 2'],
  ['a capital', [['Roll', 'x']], 'name of command 1'],
  ['a slash', [['/roll', 'x']], 'name of command 1'],
  ['a space', [['roll it', 'x']], 'name of command 1'],
  ['another script', [['würfeln', 'x']], 'name of command 1'],
  ['a line break after the name', [['roll\n', 'x']], 'name of command 1'],
  ['a name twice', [rolls, rolls], '/roll is in the list twice'],
  ['no description', [['roll', ' ']], '/roll needs a description'],
  ['a description of 101 characters', [['roll', '𝄞'.repeat(101)]], 'more than 100 characters'],
  ['a line break in a description', [['roll', 'a\nb']], 'a line break'],
  ['a character that turns the text around', [['roll', 'a\u202eb']], 'invisible character'],
])('refuses %s, and keeps the earlier commands', async (_, commands, words) => {
  const { token } = await accounts.createBot(root, { userId: `strict-${++bots}` });
  await accounts.setCommands(token, '', [rolls]);
  const tried = accounts.setCommands(token, '', commands);
  await expect(tried).rejects.toMatchObject({ reason: 'invalid-command', message: expect.stringContaining(words) });
  const kept = 'SELECT name, description FROM chat.bot_command WHERE bot_id = $1';
  expect(await accounts.sql(kept, [`strict-${bots}`])).toEqual([{ name: 'roll', description: 'Rolls a die' }]);
});

test('takes 50 commands with the longest names and descriptions', async () => {
  const { token } = await accounts.createBot(root, { userId: 'talkative' });
  const commands = many(50).map(([name]) => [name.padEnd(32, '-'), '𝄞'.repeat(100)] as const);
  await accounts.setCommands(token, '', commands);
  const stored = "SELECT name, description FROM chat.bot_command WHERE bot_id = 'talkative'";
  const rows = commands.map(([name, description]) => ({ name, description }));
  expect(await accounts.sql(stored)).toEqual(expect.arrayContaining(rows));
});
