import { Client, credentials } from '@grpc/grpc-js';
import {
  AdminService,
  ChangeMemberRequest,
  Channel,
  type ChannelKind,
  ChannelService,
  DeleteUserRequest,
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
let tests = 0;
let root: string;
let owner: string;
let maker: string;
let makerId: string;
let chat: number;
let other: number;

const call = (token: string) => ({ token, withinMs });

async function make(kind: ChannelKind): Promise<number> {
  const request = Channel.fromPartial({ name: 'c', kind, limit: kind === 1 ? 25 : 0 });
  return (await callPatiently(client, ChannelService.create, request, call(owner))).id;
}

function change(token: string, channelId: number, userId: string, what: Partial<ChangeMemberRequest>) {
  const request = ChangeMemberRequest.fromPartial({ channelId, userId, ...what });
  return callPatiently(client, ChannelService.changeMember, request, call(token));
}

async function makeAdmin(channelId: number, userId: string): Promise<void> {
  await change(owner, channelId, userId, { add: true });
  await change(owner, channelId, userId, { role: 2 });
}

beforeAll(async () => {
  database = await openTestDatabase();
  accounts = await Accounts.start({}, database);
  manager = await ServiceProcess.start('channel-service', { PARLEY_DATABASE_URL: database.urlFor('chat_manager') });
  client = new Client(manager.grpc, credentials.createInsecure(), clientOptions);
  [root, owner] = (await Promise.all(['root', 'owner'].map((id) => accounts.token(id)))) as [string, string];
  await accounts.sql("UPDATE chat.users SET role = 'admin' WHERE id = 'root'");
  await accounts.sql("UPDATE chat.users SET created_at = now() - interval '2 days' WHERE id = 'owner'");
});
beforeEach(async () => {
  await accounts.sql('DELETE FROM chat.rate');
  tests += 1;
  makerId = `maker-${tests}`;
  maker = await accounts.token(makerId);
  [chat, other] = [await make(5), await make(5)];
  for (const id of [chat, other]) await makeAdmin(id, makerId);
});
afterAll(async () => {
  client.close();
  await manager.stop();
  await accounts.stop();
  await database.close();
});

/**
 * Creates two bots of the maker and one of the operator, each in the chat or in the other one, and
 * returns a function that reads the reasons why they get no answer.
 */
async function makeBots(): Promise<() => Promise<string[]>> {
  const bot = async (token: string, id: string, channelId: number) =>
    (await accounts.createBot(token, { userId: `${id}-${tests}`, channelId })).token;
  const tokens = [await bot(maker, 'here', chat), await bot(maker, 'there', other), await bot(root, 'operated', chat)];
  return () => Promise.all(tokens.map((token) => reasonOf(accounts.get(token, { id: 'owner' }))));
}

const setUser = (id: string, status: User['status']) =>
  callPatiently(client, AdminService.setUser, User.fromPartial({ id, status }), call(root));

test.each([
  ['is removed', () => change(owner, chat, makerId, { remove: true })],
  ['is banned', () => change(owner, chat, makerId, { banUntil: 9e15 })],
  ['leaves', () => change(maker, chat, makerId, { remove: true })],
])('the bots of a creator who %s end in that channel, and those of operators stay', async (_what, part) => {
  const state = await makeBots();
  expect(await state()).toEqual(['ok', 'ok', 'ok']);
  await part();
  expect(await state()).toEqual(['logged-out', 'ok', 'ok']);
  expect((await accounts.listBots(owner, chat)).users.map(({ id }) => id)).toEqual([`operated-${tests}`]);
});

test('the bots of a suspended creator end, and stay ended when the creator is restored', async () => {
  const state = await makeBots();
  await setUser(makerId, 2);
  expect(await state()).toEqual(['logged-out', 'logged-out', 'ok']);
  await setUser(makerId, 1);
  expect(await state()).toEqual(['logged-out', 'logged-out', 'ok']);
});

test('the bots of a deleted creator end', async () => {
  const state = await makeBots();
  const request = DeleteUserRequest.fromPartial({ userId: makerId });
  await callPatiently(client, AdminService.deleteUser, request, call(root));
  expect(await state()).toEqual(['logged-out', 'logged-out', 'ok']);
});

test('a ban from a room ends the bots of a former owner', async () => {
  const room = await make(1);
  const { token } = await accounts.createBot(owner, { userId: `room-bot-${tests}`, channelId: room });
  await change(owner, room, makerId, { role: 3 });
  await change(maker, room, makerId, { role: 3 });
  await change(maker, room, 'owner', { muteUntil: 9e15 });
  expect(await reasonOf(accounts.get(token, { id: 'owner' }))).toBe('ok');
  await change(maker, room, 'owner', { banUntil: 9e15 });
  expect(await reasonOf(accounts.get(token, { id: 'owner' }))).toBe('logged-out');
});

test('all bots of a channel end when it is deleted', async () => {
  const state = await makeBots();
  await callPatiently(client, ChannelService.delete, Channel.fromPartial({ id: chat }), call(owner));
  expect(await state()).toEqual(['logged-out', 'ok', 'logged-out']);
});

test('suspending an operator leaves the bots of that operator alone', async () => {
  const second = await accounts.token(`second-${tests}`);
  await accounts.sql("UPDATE chat.users SET role = 'admin' WHERE id = $1", [`second-${tests}`]);
  const { token } = await accounts.createBot(second, { userId: `loyal-${tests}`, channelId: chat });
  await setUser(`second-${tests}`, 2);
  expect(await reasonOf(accounts.get(token, { id: 'owner' }))).toBe('ok');
});

test('first contacts and offers of a bot count against its creator', async () => {
  const strangers = await Promise.all(['s1', 's2', 's3'].map((id) => accounts.token(`${id}-${tests}`)));
  expect(strangers).toHaveLength(3);
  const { token } = await accounts.createBot(maker, { userId: `busy-${tests}`, channelId: chat });
  const { token: own } = await accounts.createBot(root, { userId: `free-${tests}`, channelId: chat });
  for (const id of ['busy', 'free']) await makeAdmin(chat, `${id}-${tests}`);
  await accounts.sql('DELETE FROM chat.rate');
  await accounts.sql(
    "INSERT INTO chat.rate (key, tat) VALUES ('direct:' || $1::text, now() + 98.5 * interval '864 s')",
    [makerId],
  );
  await change(token, chat, `s1-${tests}`, { add: true });
  expect(await reasonOf(change(token, chat, `s2-${tests}`, { add: true }))).toBe('change-too-often');
  expect(await reasonOf(change(maker, chat, `s2-${tests}`, { add: true }))).toBe('change-too-often');
  expect(await reasonOf(change(own, chat, `s3-${tests}`, { add: true }))).toBe('ok');
  await accounts.sql(
    "INSERT INTO chat.rate (key, tat) VALUES ('added-by:' || $1::text, now() + 20 * interval '1 h') ON CONFLICT (key) DO UPDATE SET tat = excluded.tat",
    [`${makerId}/s1-${tests}`],
  );
  await change(owner, chat, `s1-${tests}`, { remove: true });
  expect(await reasonOf(change(token, chat, `s1-${tests}`, { add: true }))).toBe('change-too-often');
});

test('the bots of a user share the 3 open offers to a person', async () => {
  const leaver = await accounts.token(`leaver-${tests}`);
  const reasons: string[] = [];
  for (let n = 0; n < 4; n++) {
    const id = await make(5);
    await makeAdmin(id, makerId);
    const botId = `bot-${n}-${tests}`;
    const { token } = await accounts.createBot(maker, { userId: botId, channelId: id });
    await makeAdmin(id, botId);
    await change(owner, id, `leaver-${tests}`, { add: true });
    await change(leaver, id, `leaver-${tests}`, { remove: true });
    await accounts.sql('DELETE FROM chat.rate');
    reasons.push(await reasonOf(change(token, id, `leaver-${tests}`, { add: true })));
  }
  expect(reasons).toEqual(['ok', 'ok', 'ok', 'too-many-offers']);
});
