import { execFile } from 'node:child_process';
import { access, chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts, living, Started, until } from '@parley/testkit';
import { projectFolder } from '../src/launcher/options.js';
import { diagnose } from './doctor-rig.js';

const ready = 'Press Ctrl-C to stop';
let data = '';
let ports: string[] = [];
const runs: Started[] = [];

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'parley-start-'));
  await chmod(data, 0o755);
  const first = await freePorts(5);
  ports = ['--user-port', '--manager-port', '--web-port', '--chat-port'].flatMap((name, index) => [
    name,
    String(first + index),
  ]);
});

afterAll(async () => {
  for (const run of runs) run.child.kill('SIGINT');
  await Promise.all(runs.map(({ ended }) => ended));
  await rm(data, { recursive: true });
});

function start(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Started {
  const run = new Started(['--data', data, ...ports, ...args], env);
  runs.push(run);
  return run;
}

function token(): Promise<string> {
  const args = [join(projectFolder, 'bin', 'parley.js'), 'token', '--as', 'manager', '--data', data];
  return new Promise((resolve) => execFile(process.execPath, args, (_error, out, err) => resolve(out + err)));
}

async function gone(path: string): Promise<boolean> {
  return access(path).then(
    () => false,
    () => true,
  );
}

/**
 * Returns whether other users can reach the code. A folder that `mktemp -d` made is closed to them.
 */
async function isCodeOpen(): Promise<boolean> {
  for (let folder = projectFolder; ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/**
 * Checks that, as root, each service runs as its own user and knows one password that no other
 * process knows. If other users cannot reach the code, services run as root, and the start says so.
 */
async function checkAccounts(found: readonly { pid: number; name: string }[], said: string): Promise<void> {
  const services = found.filter(({ name }) => name.includes('/services/'));
  const owners = await Promise.all(services.map(async ({ pid }) => (await stat(`/proc/${pid}`)).uid));
  if (process.getuid?.() === 0 && (await isCodeOpen())) {
    expect(owners).not.toContain(0);
    expect(new Set(owners).size).toBe(4);
  } else if (process.getuid?.() === 0) {
    expect(new Set(owners)).toEqual(new Set([0]));
    expect(said.match(/ runs as root instead of parley-[a-z]+: it cannot read /g)).toHaveLength(owners.length);
  }
  const urls = await Promise.all(services.map(async ({ pid }) => readFile(`/proc/${pid}/environ`, 'utf8')));
  const roles = urls.map((text) => [...text.matchAll(/postgres:\/\/(\w+):/g)].map(([, role]) => role));
  expect(roles.map((of) => of.length)).toEqual(services.map(() => 1));
  expect(new Set(roles.flat()).size).toBe(4);
}

/**
 * Checks that only managers and gateways know the password of Redis, that each of them runs and
 * reports that Redis is away, and that `parley doctor` finds it.
 */
async function checkRedis(found: readonly { pid: number; name: string }[]): Promise<void> {
  for (const { pid, name } of found.filter((one) => one.name.includes('/services/'))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    expect([name, environment.includes(':hidden@')]).toEqual([name, /channel-service|gateway/.test(name)]);
  }
  for (const name of ['channel-service-2', 'gateway-2'])
    await until(async () => {
      const log = await readFile(join(data, 'logs', `${name}.log`), 'utf8');
      return log.includes('Redis at 127.0.0.1:1 does not respond.') && !log.includes('hidden');
    });
  const [line, ...others] = await diagnose({ data, only: ['redis'] });
  expect(line).toMatch(/^fault redis: 127\.0\.0\.1:1: Redis at 127\.0\.0\.1:1 does not respond\. /);
  expect(others).toEqual([]);
}

/** Waits until these processes have exited. Returns the pids that have not. */
async function allEnded(pids: readonly number[], withinMs: number): Promise<number[]> {
  for (const end = Date.now() + withinMs; Date.now() < end; await pause(50)) {
    if ((await living(pids)).length === 0) return [];
  }
  return living(pids);
}

test('a first start runs everything, and Ctrl-C stops it cleanly', async () => {
  await writeFile(join(data, 'start.pid'), '999999\n');
  const run = start(['--chat-servers', '2'], { TEST_POSTGRES_URL: '' });
  await run.says(ready);
  expect(run.said).toMatch(/\nparley: prepared the database \(\d+ migrations\)\n/);
  for (const name of ['user-service', 'channel-service', 'chat-1', 'chat-2', 'gateway'])
    expect(run.said).toMatch(`\n${name} `);
  expect(((await stat(join(data, 'run.json'))).mode & 0o777).toString(8)).toBe('600');
  expect(await token()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const pids = (await run.services()).map(({ pid }) => pid);
  expect(pids.length).toBeGreaterThanOrEqual(4);
  run.child.kill('SIGHUP');
  await checkAccounts(await run.services(), run.said);
  run.child.kill('SIGINT');
  expect(await run.ended).toBe(0);
  expect(await living(pids)).toEqual([]);
  expect(await gone(join(data, 'run.json'))).toBe(true);
  expect(await gone(join(data, 'postgres', 'postmaster.pid'))).toBe(true);
});

/** One running `npm start` for the next three tests. The last of them kills it. */
let run: Started;

test('restarts a dead service, and refuses a second start on the same folder or ports', async () => {
  run = start(['--chat-servers', '1', '--managers', '2', '--gateways', '2', '--redis', 'redis://:hidden@127.0.0.1:1']);
  await run.says(ready);
  const webPort = Number(ports[5]);
  for (const [name, port] of [
    ['gateway', webPort],
    ['gateway-2', webPort + 100],
  ]) {
    expect(run.said).toMatch(new RegExp(`\n${name} +\\d+ +http://127.0.0.1:${port} `));
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  }
  expect(run.said).toContain(`\nWeb page: http://127.0.0.1:${webPort}\n`);
  const adminPage = `http://127.0.0.1:${webPort + 10}/admin`;
  expect(run.said).toContain(`\nAdmin page: ${adminPage}\n`);
  expect((await fetch(adminPage)).status).toBe(200);
  const managerPort = Number(ports[3]);
  const managers = [managerPort, managerPort + 100].map((port) => `127.0.0.1:${port}`).join(',');
  expect(run.said).toContain(` --manager ${managers}\n`);
  const chat = (await run.services()).find(({ name }) => name.includes('chat-service'));
  expect(run.said).toMatch(new RegExp(`\nchat-1 +${chat?.pid} +127`));
  await checkRedis(await run.services());
  process.kill(chat?.pid ?? 0, 'SIGKILL');

  const same = start();
  expect(await same.ended).toBe(2);
  const [sentence, where, ...rest] = same.said.split('. ');
  expect(sentence).toBe(`parley: Another \`npm start\` (pid ${run.child.pid}) runs with the data folder ${data}`);
  expect(where).toContain(`Its web page is http://127.0.0.1:${ports[5]}, and its services are user-service 127.0.0.1:`);
  expect(rest).toEqual(['Stop it, or choose another folder with --data.\n']);
  const other = start(['--data', join(data, 'other')]);
  expect(await other.ended).toBe(2);
  expect(other.said).toMatch(/^parley: Port \d+ for user-service is taken\. .*--user-port\.\n$/);

  await run.says('chat-1 listens again (pid ');
  expect(run.said.match(/chat-1 exited \(SIGKILL\); restarting it in 1 s/g)).toHaveLength(1);
});

test('restarts a dead PostgreSQL, and the services continue', async () => {
  const before = run.said.length;
  const pidFile = join(data, 'postgres', 'postmaster.pid');
  const pid = async () => Number((await readFile(pidFile, 'utf8')).split('\n')[0]);
  const first = await pid();
  for (let n = 1; n <= 2; n++) {
    process.kill(await pid(), 'SIGKILL');
    for (const end = Date.now() + 60_000; run.said.split('PostgreSQL is back').length <= n; await pause(50)) {
      if (Date.now() > end) throw new Error(`PostgreSQL did not come back:\n${run.said}`);
    }
  }
  expect(await pid()).not.toBe(first);
  for (const end = Date.now() + 60_000; ; await pause(100)) {
    if (/^[\w-]+\.[\w-]+\.[\w-]+\n$/.test(await token())) break;
    if (Date.now() > end) throw new Error(await token());
  }
  expect(run.said.slice(before)).not.toMatch(/chat-1 exited|service exited/);
});

test('after kill -9, the services exit and the next start adopts the running PostgreSQL', async () => {
  const pids = (await run.services()).filter(({ name }) => name.includes('services')).map(({ pid }) => pid);
  expect(pids).toHaveLength(6);
  run.child.kill('SIGKILL');
  expect(await allEnded(pids, 60_000)).toEqual([]);

  const next = start(['--chat-servers', '1', '--restored']);
  await next.says(ready);
  expect(next.said).toMatch(/restored from a backup: \d+ channels? ha(s|ve) a new log/);
  expect(next.said).toContain('Using the PostgreSQL of an earlier run');
  next.child.kill('SIGTERM');
  expect(await next.ended).toBe(0);
});

test.each([
  ['an unknown setting', { PARLEY_FOO: '1' }, [], 'PARLEY_FOO is not a setting'],
  ['an unreachable database', {}, ['--database', 'postgres://a:secret@127.0.0.1:1/x'], '127.0.0.1:1/x does not'],
  ['a folder below a file', {}, ['--data', '/dev/null/x'], 'cannot be written. Choose another one with --data.'],
  ['two services on one port', {}, ['--user-port', '5000', '--chat-port', '5000'], 'would both use port 5000'],
  [
    'a wrong URL of Redis',
    {},
    ['--redis', 'redis://a:secret@'],
    '--redis does not take "redis://a:...@". Use a URL like',
  ],
  [
    'a wrong URL of PostgreSQL',
    { PARLEY_DATABASE_URL: 'mysql://a:secret@h' },
    [],
    'does not take "mysql://a:...@h". Use',
  ],
  ['an unknown option', {}, ['--chats', '3'], 'parley: There is no option --chats. '],
])('a start with %s ends with one sentence and exit code 2', async (_what, env, args, words) => {
  const run = start(args, env);
  expect(await run.ended).toBe(2);
  expect(run.said).toContain(words);
  expect(run.said).not.toMatch(/secret|\n {4}at /);
});

test('keeps the log of the previous start', async () => {
  const log = await readFile(join(data, 'logs', 'chat-1.log.1'), 'utf8');
  expect(log).toContain('ready');
});
