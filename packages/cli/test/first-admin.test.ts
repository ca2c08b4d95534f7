import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@parley/client';
import { administration, grpcTransport } from '@parley/client/node';
import { patient } from '@parley/client/testing';
import { Trio } from '@parley/testkit';
import { type FirstAdminOptions, makeFirstAdmin } from '../src/launcher/first-admin.js';

let trio: Trio;
let userService = '';
let dataDir = '';
let said: string[] = [];

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 0 });
  userService = (await trio.startUserService()).grpc;
  dataDir = await mkdtemp(join(tmpdir(), 'parley-admin-'));
});
beforeEach(() => {
  said = [];
});
afterAll(async () => {
  await trio.stop();
  await rm(dataDir, { recursive: true });
});

function make(id: string | undefined): Promise<void> {
  const options: FirstAdminOptions = {
    settings: { FIRST_ADMIN: id, TLS_CA: undefined },
    ownerUrl: trio.database.ownerUrl,
    userService,
    dataDir,
    print: (line) => void said.push(line),
  };
  return makeFirstAdmin(options);
}

const roleOf = async (id: string) =>
  (await trio.people.sql('SELECT role FROM chat.users WHERE id = $1', [id]))[0]?.role;

test('does not promote an existing account', async () => {
  await trio.people.make('quick');
  await make('quick');
  expect(await roleOf('quick')).toBe('user');
  expect(said).toEqual([expect.stringContaining(`run \`npx parley admin grant quick --data ${dataDir}\``)]);
  await expect(stat(join(dataDir, 'quick.password'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('creates no account without the setting', async () => {
  await make(undefined);
  expect(await trio.people.sql("SELECT FROM chat.users WHERE role = 'admin'")).toEqual([]);
});

test('makes the account an operator if an earlier start created it but stopped before that', async () => {
  const file = join(dataDir, 'early.password');
  await writeFile(file, 'left by the start before\n');
  const client = createClient({ transport: patient(grpcTransport({ userService, channelService: userService })) });
  await client.register({ userId: 'early', password: 'left by the start before', name: 'early' });
  await client.close();
  await make('early');
  expect(await roleOf('early')).toBe('admin');
  await trio.people.sql("UPDATE chat.users SET role = 'user' WHERE id = 'early'");
});

test("promotes a new account once, with its password only in the owner's file", async () => {
  await make('chief');
  const file = join(dataDir, 'chief.password');
  expect(said).toEqual([`chief is the first operator; its password is in ${file}`]);
  expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600');
  const channelService = trio.managers[0]?.grpc ?? '';
  const client = createClient({ transport: patient(grpcTransport({ userService, channelService })) });
  const { token } = await client.login('chief', (await readFile(file, 'utf8')).trim());
  const door = administration({ channelService, token });
  expect((await door.audit({ size: 1 })).entries).toMatchObject([{ actor: '(database)', target: 'chief' }]);
  door.close();
  await client.close();
  await make('second');
  expect(await roleOf('second')).toBeUndefined();
  expect(said).toHaveLength(1);
});

test('with closed registration, creates the very first account, and says why it creates no later one', async () => {
  const closed = await Trio.start({ chatServers: 0 });
  const { grpc } = await closed.startUserService({ PARLEY_REGISTRATION: 'closed' });
  const options = {
    ownerUrl: closed.database.ownerUrl,
    userService: grpc,
    dataDir,
    print: (line: string) => void said.push(line),
  };
  const started = (id: string) => makeFirstAdmin({ ...options, settings: { FIRST_ADMIN: id, TLS_CA: undefined } });
  await started('earliest');
  await closed.people.sql("UPDATE chat.users SET role = 'user'");
  await started('latest');
  expect(said).toEqual([
    expect.stringContaining('earliest is the first operator'),
    expect.stringContaining('npx parley admin grant'),
  ]);
  expect(await closed.people.sql('SELECT id FROM chat.users')).toEqual([{ id: 'earliest' }]);
  await closed.stop();
});
