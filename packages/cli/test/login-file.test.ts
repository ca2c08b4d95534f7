import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LoginFile } from '../src/login-file.js';
import { CommandSession } from '../src/session.js';

const login = { user_id: 'ann', name: 'Ann', token: 'a.b.c' };
let home = '';

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-login-'));
});
afterEach(() => rm(home, { recursive: true }));

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

test('stores a login below HOME, where only the user can read it, and replaces it without leftovers', async () => {
  const file = new LoginFile(undefined, { HOME: home });
  const folder = join(home, '.config', 'parley');
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await file.write({ ...login, token: 'old' });
  await file.write(login);
  expect(await file.read()).toEqual(login);
  expect(await modeOf(join(folder, 'login.json'))).toBe('600');
  expect(await modeOf(folder)).toBe('700');
  expect(await readdir(folder)).toEqual(['login.json']);
});

test('the logins of one machine have different labels', () => {
  const labelOf = (path?: string) => new LoginFile(path, { HOME: home }).label;
  expect([labelOf(), labelOf('.parley/bob.json'), labelOf('carol.json')]).toEqual(['', ' (bob.json)', ' (carol.json)']);
});

test('a command uses the addresses of the login unless options override them', () => {
  const saved = { ...login, user_service: 'a:1', manager: 'b:2' };
  expect(new CommandSession({}).addresses(saved)).toEqual({ userService: 'a:1', channelService: 'b:2' });
  expect(new CommandSession({ manager: 'c:3' }).addresses(saved)).toEqual({
    userService: 'a:1',
    channelService: 'c:3',
  });
  expect(new CommandSession({}).addresses(login)).toEqual({
    userService: '127.0.0.1:50051',
    channelService: '127.0.0.1:50052',
  });
});

test('a command secures its connections as the login did', () => {
  const elsewhere = { ...login, user_service: 'host.example:1', manager: 'host.example:2' };
  expect(() => new CommandSession({}).client(elsewhere)).toThrow('in plain text');
  expect(() =>
    new CommandSession({}).client({ ...elsewhere, ...new CommandSession({ tls: true }).remembered }),
  ).not.toThrow();
  expect(new CommandSession({ ca: 'ca.pem' }).remembered).toEqual({ ca: resolve('ca.pem') });
  expect(() => new CommandSession({}).client({ ...elsewhere, ca: '/none.pem' })).toThrow(
    '--ca: /none.pem cannot be read',
  );
});

test('a suggested command names the login file and its addresses', async () => {
  const path = join(home, "bob's.json");
  const shell = `'${home}/bob'\\''s.json'`;
  expect(await new CommandSession({ login: path }).advised()).toMatchObject({
    self: `npx parley --login ${shell}`,
    toLogIn: `npx parley --login ${shell}`,
    user: '<user>',
  });
  await new LoginFile(path, {}).write({ ...login, user_service: 'a:1', manager: 'b:2', insecure: true });
  expect(await new CommandSession({ login: path, tls: true }).advised()).toEqual({
    self: `npx parley --login ${shell} --tls`,
    toLogIn: `npx parley --login ${shell} --user-service a:1 --manager b:2 --tls --insecure`,
    user: login.user_id,
    data: ' --data <data folder of npm start>',
  });
  const elsewhere = new CommandSession({ login: path, manager: '127.0.0.1:50052', userService: 'a:1' });
  expect((await elsewhere.advised()).self).toBe(`npx parley --login ${shell} --manager 127.0.0.1:50052`);
  await new LoginFile(path, {}).write({ ...login, user_service: '127.0.0.1:50051', manager: '127.0.0.1:50052' });
  expect((await new CommandSession({ login: path }).advised()).self).toBe(`npx parley --login ${shell}`);
});

test('stores the login below XDG_CONFIG_HOME if it is set, and not below HOME', async () => {
  await new LoginFile(undefined, { HOME: '/nowhere', XDG_CONFIG_HOME: home }).write(login);
  expect(await readFile(join(home, 'parley', 'login.json'), 'utf8')).toContain('a.b.c');
});

test('another file is a separate login, and a file that others can read is made private again', async () => {
  const path = join(home, 'bob.json');
  await writeFile(path, '{}', { mode: 0o644 });
  await new LoginFile(path, { HOME: '/nowhere' }).write(login);
  expect(await modeOf(path)).toBe('600');
});

test('without a login, the error says how to log in', async () => {
  const file = new LoginFile(undefined, { HOME: home });
  await expect(file.read()).rejects.toMatchObject({ reason: 'not-logged-in', exitCode: 4 });
  await file.write(login);
  await file.remove();
  await file.remove();
  await expect(file.read()).rejects.toThrow('npx parley login');
});

test('treats a damaged login file as a missing login', async () => {
  const path = join(home, 'x.json');
  await writeFile(path, '{"token":');
  await expect(new LoginFile(path, {}).read()).rejects.toMatchObject({ exitCode: 4 });
});

test('treats an unwritable login file as wrong usage', async () => {
  await writeFile(join(home, 'file'), '');
  await expect(new LoginFile(join(home, 'file', 'x.json'), {}).write(login)).rejects.toMatchObject({ exitCode: 2 });
});
