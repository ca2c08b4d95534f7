import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientOf, Listener, until } from '@parley/client/testing';
import { AbuseReport, Channel, ChannelService } from '@parley/contract';
import { callPatiently, freePorts, type TestPerson, Trio } from '@parley/testkit';
import { Commands } from './commands.js';
import { patiently } from './one-process.js';

let trio: Trio;
let commands: Commands;
let root: TestPerson;

beforeAll(async () => {
  trio = await Trio.start({ managers: 2, chatServers: 2 });
  commands = await Commands.open(trio.managers.map(({ grpc }) => grpc).join(','));
  root = await trio.people.make('root');
});
afterEach(() => commands.killAll());
afterAll(async () => {
  await trio.stop();
  await commands.close();
});

async function run(person: TestPerson, ...args: string[]): Promise<[code: number | null, said: string]> {
  const once = async () => {
    const command = await commands.start(person, 'admin', ...args);
    return { code: await command.end(), said: command.said };
  };
  const { code, said } = await patiently(once);
  return [code, said];
}

test('the owner of the database makes the first operator, and the audit log records it', async () => {
  const grant = (user: string) => run(root, 'grant', user, '--database', trio.database.ownerUrl);
  const refused = await run(root, 'servers');
  expect(refused).toEqual([1, expect.stringContaining(' admin grant root')]);
  expect(await grant('nobody-yet')).toEqual([1, expect.stringContaining('Register the account first.')]);
  expect(await grant('root')).toEqual([0, 'root is an operator.\n']);
  const [code, said] = await run(root, 'audit', '--json');
  expect([code, JSON.parse(said).entries]).toMatchObject([
    0,
    [{ actor: '(database)', action: 'user.set', target: 'root', detail: { role: 'admin', was: ['user', 'active'] } }],
  ]);
});

test('lists servers as a table and as JSON', async () => {
  let table = '';
  await until(async () => {
    [, table] = await run(root, 'servers');
    return table.match(/ serving /g)?.length === 2; // A server is listed as lost while the machine pauses.
  });
  expect(table).toMatch(/^name +address +internal +state +load +channels +seats +reported +id\n/);
  const [first = '', second = ''] = trio.chatServers.map(({ grpc }) => grpc);
  expect(table).toMatch(
    new RegExp(`chat-1 +${first} +${first} +serving +\\d\\.\\d\\d +0 +0 +\\d\\.\\d s ago +[0-9a-f-]{36}\n`),
  );
  expect(table).toMatch(new RegExp(`chat-2 +${second} `));
  const [, json] = await run(root, 'servers', '--json');
  expect(JSON.parse(json)).toMatchObject([
    { name: 'chat-1', addr: first, state: 'serving', channels: 0, seats: 0 },
    { name: 'chat-2', addr: second, state: 'serving', channels: 0, seats: 0 },
  ]);
});

test('disconnects a suspended user, who may return once the suspension ends', async () => {
  const victim = await trio.people.make('victim');
  const { id } = await trio.create(victim, 'victims');
  const inside = new Listener(await clientOf(trio, victim).listen(id));
  expect(await run(root, 'user', 'victim', '--status', 'suspended')).toEqual([0, 'victim is a user, suspended.\n']);
  await inside.done;
  expect(inside.of('ended')).toMatchObject([{ reason: 'suspended' }]);
  await expect(trio.listen(victim, id)).rejects.toMatchObject({ reason: 'logged-out' });
  expect(await run(root, 'user', 'victim', '--status', 'active')).toEqual([0, 'victim is a user, active.\n']);
  expect(await run(root, 'user', 'root', '--role', 'user')).toEqual([1, expect.stringContaining('another operator')]);
  expect(await run(root, 'user', 'root')).toEqual([2, expect.stringContaining('Give --role')]);
});

test('disconnects a kicked user, who may return', async () => {
  const user = await trio.people.make('loud');
  const { id } = await trio.create(user, 'loud room');
  const inside = new Listener(await clientOf(trio, user).listen(id));
  expect(await run(root, 'kick', 'loud', 'loud room', '--reason', 'too loud')).toEqual([
    0,
    `loud was disconnected from channel ${id} and may come back.\n`,
  ]);
  await inside.done;
  expect(inside.of('ended')).toMatchObject([{ reason: 'kicked' }]);
  const again = await clientOf(trio, user).listen(id);
  await again.leave();
  const [, said] = await run(root, 'audit', '--size', '1');
  expect(said).toMatch(/root +user\.kick +loud +.*"too loud"/);
  expect(said).toMatch(/For older entries: --after \d+/);
});

test('kick reports that a user is not in the channel', async () => {
  const user = await trio.people.make('absent');
  const { id } = await trio.create(user, 'empty room');
  expect(await run(root, 'kick', 'absent')).toEqual([0, 'absent was not in any channel.\n']);
  expect(await run(root, 'kick', 'absent', String(id))).toEqual([0, `absent was not in channel ${id}.\n`]);
});

test('the audit log shows a deleted direct chat as a direct chat', async () => {
  const [one, other] = (await trio.people.makeMany('pair', 2)) as [TestPerson, TestPerson];
  const { id } = await trio.openDirect(one, other.id);
  const request = Channel.fromPartial({ id });
  await callPatiently(trio.manager(), ChannelService.delete, request, { token: root.token, withinMs: 30_000 });
  const [, said] = await run(root, 'audit', '--size', '1');
  expect(said).toMatch(new RegExp(`root +channel\\.delete +direct chat ${id} +.*"opener": ?"${one.id}"`));
});

test('lists users, channels and reports as tables and as JSON', async () => {
  const [loud, reporter] = (await trio.people.makeMany('listed', 2)) as [TestPerson, TestPerson];
  const { id } = await trio.create(loud, 'Listed room');
  const report = AbuseReport.fromPartial({ userId: loud.id, reason: 'too loud' });
  const options = { token: reporter.token, withinMs: 30_000 };
  await callPatiently(trio.manager(), ChannelService.reportAbuse, report, options);
  const [, users] = await run(root, 'users', loud.id);
  expect(users).toMatch(new RegExp(`^number +id +name +email +role +status\n\\d+ +${loud.id} .* user +active\n$`));
  const [, channels] = await run(root, 'channels', 'listed', '--json');
  expect(JSON.parse(channels)).toMatchObject({ channels: [{ id, kind: 'room', owner: loud.id }], next: '' });
  const [, json] = await run(root, 'reports', '--json');
  const [one] = JSON.parse(json).reports;
  expect(one).toMatchObject({ by: reporter.id, user_id: loud.id, reason: 'too loud', resolved: false });
  expect((await run(root, 'reports'))[1]).toMatch(/too loud/);
  expect(await run(root, 'resolve', String(one.id))).toEqual([0, `Report ${one.id} is resolved.\n`]);
  expect(await run(root, 'reports')).toEqual([0, 'Nothing found.\n']);
});

test('exports an account to stdout or to a new file that only its owner can read', async () => {
  const user = await trio.people.make('exported');
  await trio.people.sql("UPDATE chat.users SET about = E'\\u001b[31mred' WHERE id = $1", [user.id]);
  const [code, said] = await run(root, 'export-user', user.id.toUpperCase());
  const lines = said.trimEnd().split('\n');
  expect([code, said.includes('\u001b')]).toEqual([0, false]);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ type: 'account', id: user.id, about: '\u001b[31mred' });
  expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ type: 'end', lines: lines.length - 1 });
  const folder = await mkdtemp(join(tmpdir(), 'parley-export-'));
  const file = join(folder, 'user.jsonl');
  const [, json] = await run(root, 'export-user', user.id, '--out', file, '--json');
  const { mode, size } = await stat(file);
  expect([JSON.parse(json).user_id, JSON.parse(json).file, mode & 0o777]).toEqual([user.id, file, 0o600]);
  expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toHaveLength(JSON.parse(json).lines);
  expect(await run(root, 'export-user', user.id, '--out', file)).toEqual([
    2,
    expect.stringContaining('exists. Choose'),
  ]);
  expect((await stat(file)).size).toBe(size);
  const other = join(folder, 'other.jsonl');
  expect(await run(root, 'export-user', 'nobody-here', '--out', other)).toEqual([1, expect.any(String)]);
  expect(await run(user, 'export-user', user.id)).toEqual([1, expect.stringContaining('operator')]);
  expect(await readdir(folder)).toEqual(['user.jsonl']);
  await rm(folder, { recursive: true });
});

test('sets, lists, exports and releases a legal hold', async () => {
  const user = await trio.people.make('held');
  const [, made] = await run(root, 'hold', 'user', user.id, '--reason', 'case 7', '--json');
  const { id, ...rest } = JSON.parse(made);
  expect(rest).toEqual({ channel_id: 0, user_id: user.id, reason: 'case 7' });
  expect(await run(root, 'hold', 'user', user.id, '--reason', 'again')).toEqual([
    1,
    expect.stringContaining('stands already'),
  ]);
  expect(await run(root, 'hold', 'room', user.id, '--reason', 'x')).toEqual([
    2,
    expect.stringContaining('Use channel or user'),
  ]);
  expect((await run(root, 'holds'))[1]).toMatch(new RegExp(`${id} +user ${user.id} +root +\\S+ +case 7`));
  const [code, said] = await run(root, 'export-hold', String(id));
  const lines = said.trimEnd().split('\n');
  expect([code, JSON.parse(lines[0] ?? '').type, JSON.parse(lines.at(-1) ?? '').type]).toEqual([0, 'hold', 'end']);
  expect((await run(root, 'release', String(id)))[0]).toBe(0);
  expect(await run(root, 'release', String(id))).toEqual([1, expect.stringContaining('Hold not found')]);
});

test('deletes a user only after the id is typed, or with --yes', async () => {
  const gone = await trio.people.make('going');
  expect(await run(root, 'delete-user', gone.id)).toEqual([2, expect.stringContaining('nothing was deleted.')]);
  expect((await run(root, 'users', gone.id))[1]).toContain('active');
  expect(await run(root, 'delete-user', gone.id, '--yes')).toEqual([0, 'going is deleted.\n']);
  expect((await run(root, 'users', gone.id))[1]).toMatch(/deleted account .* deleted\n$/);
});

test('lists gateways, which vanish from the list soon after a kill', async () => {
  const [one, two] = [
    await trio.startGateway({ PARLEY_NAME: 'edge-1' }),
    await trio.startGateway({ PARLEY_NAME: 'edge-2' }),
  ];
  const list = async (...more: string[]): Promise<{ name: string; state: string; http_addr: string }[]> =>
    JSON.parse((await run(root, 'gateways', '--json', ...more))[1]);
  await until(async () => (await list()).length === 2);
  const [, table] = await run(root, 'gateways');
  expect(table).toMatch(/^name +http +grpc +state +inboxes +connections +reported +version +id\n/);
  const { host } = new URL(one.http);
  expect(table).toMatch(
    new RegExp(`\nedge-1 +${host} +${one.grpc} +serving +0 +\\d+ +\\d+\\.\\d s ago +\\S+ +[0-9a-f-]{36}\n`),
  );
  two.kill('SIGKILL');
  await until(async () => (await list()).length === 1);
  expect((await list('--all')).map(({ name, state }) => [name, state])).toEqual([
    ['edge-1', 'serving'],
    ['edge-2', 'lost'],
  ]);
});

test('drains a gateway by its name, and warns about the last serving one', async () => {
  expect(await run(root, 'drain', 'edge-2')).toEqual([1, expect.stringContaining('admin gateways')]);
  const warning = 'warning: no other gateway is serving; pages and inboxes wait until one starts\n';
  expect(await run(root, 'drain', 'edge-1')).toEqual([0, `edge-1 is draining. It takes no new streams.\n${warning}`]);
  expect((await run(root, 'drain', 'edge-1'))[1]).toMatch(/^edge-1 is already draining\. /);
  const drained = "SELECT FROM chat.gateway WHERE name = 'edge-1' AND state = 'draining'";
  await until(async () => (await trio.people.sql(drained)).length === 1);
  expect((await run(root, 'gateways'))[1]).toMatch(/\nTo undo a drain, restart the gateway: .*\n$/);
  const [, audit] = await run(root, 'audit', '--size', '1');
  expect(audit).toMatch(/root +gateway\.drain +edge-1 /);
});

test('drain asks for an id if servers share a name, and refuses an unknown server', async () => {
  const twin = await trio.addChatServer({ PARLEY_NAME: 'chat-1' });
  const [code, said] = await run(root, 'drain', 'chat-1');
  expect([code, said]).toEqual([2, expect.stringMatching(/Give an id: [0-9a-f-]{36}, [0-9a-f-]{36}\./)]);
  expect(await run(root, 'drain', 'chat-9')).toEqual([1, expect.stringContaining('admin servers')]);
  await twin.stop();
});

test('a server drained by name gets no more channels', async () => {
  const words = 'chat-2 is draining. Its channels move to other servers.\n';
  expect(await run(root, 'drain', 'chat-2')).toEqual([0, words]);
  const drained = "SELECT FROM chat.server WHERE name = 'chat-2' AND state = 'draining'";
  await until(async () => (await trio.people.sql(drained)).length === 1);
  expect((await run(root, 'servers'))[1]).toMatch(/\nTo undo a drain, restart the chat server: .*\n$/);
  const [person] = (await trio.people.makeMany('drained', 1)) as [TestPerson];
  for (let n = 0; n < 4; n++) {
    const { id } = await trio.create(person, `room ${n}`);
    expect((await trio.listen(person, id)).server?.name).toBe('chat-1');
  }
});

test('drain warns about the last serving server, and users learn that no server is available', async () => {
  const [code, said] = await run(root, 'drain', 'chat-1');
  expect(code).toBe(0);
  expect(said).toContain('\nwarning: no other chat server is serving; everyone waits until one starts\n');
  const [, audit] = await run(root, 'audit', '--size', '2');
  expect(audit).toMatch(/root +server\.drain +chat-1 +.*\n.*root +server\.drain +chat-2 /);
  await trio.create(root, 'nowhere');
  const inside = await commands.start(root, 'chat', 'nowhere');
  expect(await inside.end()).toBe(1);
  expect(inside.said).toMatch(
    /^parley: No chat server is available\. None is running, or all are drained\. Start one\. /,
  );
});

test('top shows the load of every process from its ops port, and those that do not respond', async () => {
  const server = await trio.addChatServer({ PARLEY_ADMIN_PORT: String(await freePorts(1)) });
  const ops = server.admin ?? '';
  const top = ['top', '--once', '--every', '1', '--ops', `${ops},127.0.0.1:1`];
  const [code, table] = await run(root, ...top);
  expect([code, table]).toEqual([0, expect.stringMatching(/^process +state +streams .* +heartbeat +lag +memory\n/)]);
  expect(table).toMatch(new RegExp(`^${ops} +ready +0 +0 +\\d+ +0\\.0 +\\d+ ms +\\d+ ms +\\d+ MiB$`, 'm'));
  const [, json] = await run(root, ...top, '--json');
  const load = { streams: 0, users: 0, messages_per_second: 0, memory_bytes: expect.any(Number) };
  const nothing = { streams: null, users: null, messages_per_second: null, memory_bytes: null };
  expect(JSON.parse(json)).toMatchObject([
    { name: ops, state: 'ready', ...load },
    { name: '127.0.0.1:1', state: 'no response', ...nothing },
  ]);
  await server.stop();
  const refused = await run(root, 'top', '--data', '/nowhere');
  expect(refused).toEqual([3, expect.stringContaining('No `npm start` runs with')]);
});
