import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@parley/client';
import { administration, grpcTransport } from '@parley/client/node';
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
    say: (line) => void said.push(line),
  };
  return makeFirstAdmin(options);
}

const roleOf = async (id: string) =>
  (await trio.people.sql('SELECT role FROM chat.users WHERE id = $1', [id]))[0]?.role;

test('whoever has the account already gets nothing by it', async () => {
  await trio.people.make('quick');
  await make('quick');
  expect(await roleOf('quick')).toBe('user');
  expect(said).toEqual([expect.stringContaining(`run \`npx parley admin grant quick --data ${dataDir}\``)]);
  await expect(stat(join(dataDir, 'quick.password'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('without the setting nobody is made', async () => {
  await make(undefined);
  expect(await trio.people.sql("SELECT FROM chat.users WHERE role = 'admin'")).toEqual([]);
});

test('a start that ended between the account and the office is taken up again', async () => {
  const file = join(dataDir, 'early.password');
  await writeFile(file, 'left by the start before\n');
  const client = createClient({ transport: grpcTransport({ userService, channelService: userService }) });
  await client.register({ userId: 'early', password: 'left by the start before', name: 'early' });
  await client.close();
  await make('early');
  expect(await roleOf('early')).toBe('admin');
  await trio.people.sql("UPDATE chat.users SET role = 'user' WHERE id = 'early'");
});

test('a new account is the administrator, its password only in a file of the owner; there is one first only', async () => {
  await make('chief');
  const file = join(dataDir, 'chief.password');
  expect(said).toEqual([`chief is the first administrator; its password is in ${file}`]);
  expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600');
  const channelService = trio.managers[0]?.grpc ?? '';
  const client = createClient({ transport: grpcTransport({ userService, channelService }) });
  const { token } = await client.login('chief', (await readFile(file, 'utf8')).trim());
  const door = administration({ channelService, token });
  expect((await door.audit({ size: 1 })).entries).toMatchObject([{ actor: '(database)', target: 'chief' }]);
  door.close();
  await client.close();
  await make('second');
  expect(await roleOf('second')).toBeUndefined();
  expect(said).toHaveLength(1);
});
