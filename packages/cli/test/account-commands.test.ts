import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clientOf } from '@parley/client/testing';
import { shellWord } from '@parley/runtime';
import { Program, type TestPerson, Trio } from '@parley/testkit';
import { OneProcess, patiently } from './one-process.js';

const parley = fileURLToPath(new URL('../../../../bin/parley.js', import.meta.url));
let trio: Trio;
let process: OneProcess;
let folder = '';
let host: TestPerson;
let users = '';
let addresses: string[] = [];

beforeAll(async () => {
  trio = await Trio.start();
  users = (await trio.startUserService({ PARLEY_REGISTRATION: 'invite' })).grpc;
  const manager = trio.managers[0]?.grpc as string;
  process = await OneProcess.open(users, manager);
  addresses = ['--user-service', users, '--manager', manager];
  folder = await mkdtemp(join(tmpdir(), 'parley-accounts-'));
  host = await trio.people.make('host', 'admin');
});
afterAll(async () => {
  await process.close();
  await trio.stop();
  await rm(folder, { recursive: true });
});

const fileOf = (name: string) => join(folder, `${name}.json`);

/**
 * Runs a command that reads passwords, with its own login file. Returns exit code, output and
 * errors.
 */
async function typing(name: string, line: string, ...typed: string[]) {
  const args = [parley, '--login', fileOf(name), ...addresses, ...line.split(' ')];
  return patiently(async () => {
    const command = new Program(globalThis.process.execPath, args);
    for (const one of typed) command.type(one);
    return { code: await command.end(), said: command.said };
  });
}

/** Runs a command that reads no password, with the login file of such commands. */
async function run(name: string, line: string) {
  const { user_id: id, token } = JSON.parse(await readFile(fileOf(name), 'utf8'));
  return process.run({ ...host, id, token }, ...line.split(' '));
}

const asHost = (line: string) => process.run(host, ...line.split(' '));

/** Creates an account with an invitation, and a login file. */
async function account(user_id: string, ...files: string[]): Promise<void> {
  const invite = await clientOf(trio, host).invites.create(0);
  const client = clientOf(trio, host, users);
  await client.register({ userId: user_id, name: user_id, password: 'correct horse', invite: invite.id });
  for (const name of [user_id, ...files]) {
    const { token } = await client.login(user_id, 'correct horse');
    await writeFile(fileOf(name), JSON.stringify({ user_id, name: user_id, token }));
  }
}

test('an invitation of an operator lets one user register', async () => {
  expect(await typing('ann', 'register ann', 'correct horse')).toEqual({
    code: 1,
    said: expect.stringContaining('An account here needs an invitation. Ask an operator for one.'),
  });
  const { said } = await asHost('admin invite --uses 1 --expires 7d');
  const [, code = ''] = /\nnpx parley register <user> --invite (\S{22})\n$/.exec(said) ?? [];
  expect((await typing('ann', `register ann --invite ${code}`, 'correct horse')).said).toMatch(
    /^Registered ann\. Log in with `npx parley .*login ann`\.\n$/,
  );
  expect(await typing('bob', `register bob --invite ${code}`, 'correct horse')).toEqual({
    code: 1,
    said: expect.stringContaining('This invite is not valid.'),
  });
  expect((await asHost('admin invite --list')).said).toMatch(/^code +uses +ends +by\n\S{22} +1\/1 +over +host\n$/);
  const other = (await process.json(host, 'admin', 'invite')) as { code: string };
  expect((await asHost(`admin invite --revoke ${other.code}`)).code).toBe(0);
  expect(await process.json(host, 'admin', 'invite', '--list')).toMatchObject([{ expired: true }, { expired: true }]);
  expect((await asHost('admin invite --list --uses 2')).code).toBe(2);
  await account('zoe');
  expect((await run('zoe', 'admin invite')).said).toContain('Only an operator can do this.');
});

test('changes the password, and ends the other sessions', async () => {
  await account('pat', 'other');
  expect(await typing('pat', 'password', 'correct horse', 'battery staple')).toEqual({
    code: 0,
    said: 'Your password is changed. Your other sessions have ended.\n',
  });
  expect((await run('other', 'chats')).code).toBe(4);
  expect((await run('pat', 'chats')).code).toBe(0);
  expect((await typing('pat', 'password', 'correct horse', 'battery stable')).said).toContain('password is wrong');
  expect(await typing('pat', 'password', 'battery staple')).toMatchObject({ code: 2 });
  expect((await typing('other', 'login pat', 'battery staple')).code).toBe(0);
  expect((await run('other', 'logout --everywhere')).said).toBe('Logged out pat everywhere.\n');
  expect((await run('pat', 'chats')).code).toBe(4);
});

test('changes the email address, and lets the user log in with it once an operator has verified it', async () => {
  await account('eve');
  expect((await typing('eve', 'email eve@example.org', 'correct horse')).said).toBe(
    'Your email address is eve@example.org. You can log in with it once an operator has verified it.\n',
  );
  expect((await run('eve', 'profile')).said).toMatch(/^email +eve@example\.org \(not verified\)$/m);
  expect((await asHost('admin user eve --verify-email eve@example.com')).said).toContain('not the email address');
  expect((await asHost('admin user eve --verify-email eve@example.org')).said).toBe(
    'eve is a user, active. The address eve@example.org is verified.\n',
  );
  expect((await typing('new', 'login eve@example.org', 'correct horse')).said).toBe('Logged in as eve.\n');
  expect((await run('eve', 'profile')).said).toMatch(/^email +eve@example\.org$/m);
  expect((await run('eve', 'email')).code).toBe(2);
  expect((await run('eve', 'email eve@example.net --remove')).code).toBe(2);
  expect((await typing('eve', '--json email --remove', 'correct horse')).said).toBe('{"email_verified":false}\n');
});

test('a one-time password opens one session, in which login asks for a new password', async () => {
  await account('tom');
  const oncePassword = async () => {
    const { password } = (await process.json(host, 'admin', 'reset-password', 'tom')) as { password: string };
    return password;
  };
  const first = await oncePassword();
  expect((await run('tom', 'chats')).code).toBe(4);
  expect((await typing('tom', 'login tom', first, 'battery staple')).said).toMatch(
    /^\* This was a one-time password\. Choose .* `npx parley .* password`\.\nLogged in as tom\.\n$/s,
  );
  expect((await run('tom', 'chats')).code).toBe(0);
  const second = await oncePassword();
  expect((await typing('tom', 'login tom', second)).code).toBe(2);
  expect(await run('tom', 'chats')).toEqual({
    code: 1,
    said: expect.stringMatching(/one-time password\..* To set it, run `npx parley .* password`\.\n$/),
  });
  expect((await typing('tom', 'password', second, 'other staple')).code).toBe(0);
  expect((await run('tom', 'chats')).code).toBe(0);
  expect((await asHost('admin reset-password host')).said).toContain('your own account');
  expect((await run('tom', 'admin reset-password host')).said).toContain('Only an operator can do this.');
});

const hasScript = spawnSync('script', ['--version']).status === 0;

(hasScript ? test : test.skip)(
  'on a terminal, passwords are typed without an echo, and a new password is typed twice',
  async () => {
    await account('kim', 'correct horse');
    const words = [globalThis.process.execPath, parley, '--login', fileOf('kim'), ...addresses, 'password'];
    const change = async (...typed: string[]) => {
      const command = new Program('script', ['-qec', words.map(shellWord).join(' '), '/dev/null']);
      const prompts = ['Current password: ', 'New password (8 to 72 bytes): ', 'New password again: '];
      for (const [n, one] of typed.entries()) {
        await command.says(prompts[n] as string);
        command.type(one);
      }
      await command.exited;
      return command.said;
    };
    expect(await change('correct horse', 'battery staple', 'battery stable')).toContain('The two passwords differ.');
    const said = await change('correct horse', 'battery staple', 'battery staple');
    expect(said).toContain('Your password is changed.');
    expect(said).not.toMatch(/horse|staple/);
  },
);
