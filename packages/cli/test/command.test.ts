import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { failureFrom } from '../src/failure.js';
import { projectFolder } from '../src/launcher/options.js';
import { parleyCommand } from '../src/program.js';

const parley = fileURLToPath(new URL('../../../../bin/parley.js', import.meta.url));
const nobody = { ...process.env, HOME: '/nonexistent', XDG_CONFIG_HOME: '' };

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(args: readonly string[], stdin = '', env: NodeJS.ProcessEnv = nobody): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [parley, ...args], { env }, (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
    child.stdin?.end(stdin);
  });
}

const nowhere = ['--user-service', '127.0.0.1:1', '--manager', '127.0.0.1:1'];

test.each([
  ['no command', []],
  ['an unknown command', ['shout']],
  ['a missing argument', ['create']],
  ['a limit out of bounds', ['create', 'x', '--limit', '26']],
  ['a page that is too large', ['history', '1', '--size', '101']],
  ['an address without a port', ['--user-service', 'host', 'channels']],
  ['a token for nobody', ['token', '--as', 'somebody']],
  ['a target for a chat token', ['token', '--as', '0b0e8bc8-1c39-4d3c-9f0a-1b1b1b1b1b1b', '--for', 'x']],
])('exits with 2 and a sentence for %s', async (_what, args) => {
  const command = parleyCommand().configureOutput({ writeErr: () => {} });
  const failure = await command.parseAsync(args, { from: 'user' }).then(() => undefined, failureFrom);
  expect(failure?.exitCode).toBe(2);
});

test('wrong usage ends with exit code 2 and no stack', async () => {
  const { code, err } = await run(['login', 'ann']);
  expect([code, err]).toEqual([2, 'parley: A password is required: type it, or pass it as one line of stdin.\n']);
});

test('prints the version', async () => {
  expect(await run(['--version'])).toMatchObject({ code: 0, out: '0.1.0\n' });
});

test('loads the libraries of the database only with the commands that need it', async () => {
  const bundle = join(projectFolder, 'dist', 'command');
  const loaded = new Set(['parley.js']);
  const libraries = new Set<string>();
  for (const name of loaded) {
    const text = await readFile(join(bundle, name), 'utf8');
    for (const [, next] of text.matchAll(/^(?:import|export)\b[^'"]*["']\.\/([^"']+)["'];$/gm)) loaded.add(next ?? '');
    for (const [, library] of text.matchAll(/^\/\/ \S*node_modules\/\.pnpm\/([^@/]+)@/gm)) libraries.add(library ?? '');
  }
  expect([...libraries]).toEqual(expect.arrayContaining(['commander', 'ws']));
  for (const name of ['kysely', 'pg']) expect([...libraries]).not.toContain(name);
});

test('help lists the exit codes', async () => {
  const { code, out } = await run(['--help']);
  expect(code).toBe(0);
  expect(out).toContain('3 server not reachable');
});

test('exits with 3 and names the address if nothing responds', async () => {
  const { code, err } = await run([...nowhere, 'register', 'ann'], 'long enough\n');
  expect([code, err]).toEqual([3, expect.stringContaining('Nothing responds at 127.0.0.1:1.')]);
});

test('exits with 4 without a login, and prints JSON on request', async () => {
  const { code, err } = await run(['chat', 'lobby', '--json']);
  expect(code).toBe(4);
  expect(JSON.parse(err)).toMatchObject({ error: { reason: 'not-logged-in', retry_after_ms: 0 } });
});

test('config shows the settings without secrets', async () => {
  const env = { ...nobody, PARLEY_DATABASE_URL: 'postgres://u:hidden@h/d', PARLEY_LOG_LEVEL: 'warn' };
  const { out } = await run(['config'], '', env);
  expect(out).toMatch(/^PARLEY_LOG_LEVEL +warn +info/m);
  expect(out).not.toContain('hidden');
});

test.each([
  ['PARLEY_DATABASE_URL', 'restore', ['b', '--replace', '--data', 'd'], '2 PARLEY_DATABASE_URL and --data name two'],
  ['PARLEY_DATABASE_URL_FILE', 'backup', ['b', '--data', 'd'], '2 PARLEY_DATABASE_URL_FILE and --data name two'],
  ['PARLEY_DATABASE_URL', 'migrate', ['--database-file', 'f'], '2 PARLEY_DATABASE_URL and --database-file name two'],
  ['PARLEY_DATABASE_URL', 'migrate', ['--database', 'postgres://127.0.0.1:1/x', '--data', 'd'], '3 The database does'],
  ['PARLEY_DATABASE_URL_FILE', 'migrate', ['--database-file', '/nowhere'], '2 The file /nowhere cannot be read'],
])('%s overrules no option of %s %j', async (variable, name, args, words) => {
  process.env[variable] = 'postgres://127.0.0.1:1/variable';
  const failure = await parleyCommand()
    .parseAsync([name, ...args], { from: 'user' })
    .then(() => undefined, failureFrom)
    .finally(() => delete process.env[variable]);
  expect(`${failure?.exitCode} ${failure?.message}`).toContain(words);
});

test.each([['channels'], ['chat', 'x'], ['admin', 'servers'], ['login', 'ann']])(
  '%s rejects a variable that is not a setting, as services do',
  async (...args) => {
    const { code, err } = await run(args, '', { ...nobody, PARLEY_FOO: '1' });
    expect([code, err]).toEqual([2, 'parley: PARLEY_FOO is not a setting. `npx parley config` lists them all.\n']);
  },
);

test.each([
  [['chanels'], {}, 'Did you mean channels?'],
  [['drill', 'kil'], {}, 'Did you mean kill?'],
  [['channels', '--jsn'], {}, 'Did you mean --json?'],
  [['admin', 'servres'], {}, 'Did you mean servers?'],
  [['channels'], { PARLEY_MANAGRES: 'a:1' }, 'Did you mean PARLEY_MANAGERS?'],
])('suggests the right spelling for the command %j with the environment %j', async (args, env, guess) => {
  const { code, err } = await run(args, '', { ...nobody, ...env });
  expect([code, err]).toEqual([2, expect.stringContaining(guess)]);
});

test('help lists the drills', async () => {
  expect((await run(['--help'])).out).toMatch(/^ {2}drill /m);
  const { code, err } = await run(['--json', 'drill', 'kill']);
  expect(code).toBe(2);
  expect(JSON.parse(err)).toMatchObject({ error: { message: expect.stringContaining('npx parley drill') } });
});

test('ignores the service links of Kubernetes', async () => {
  const links = { PARLEY_SERVICE_HOST: '10.96.1.2', PARLEY_PORT_50051_TCP: 'tcp://10.96.1.2:50051' };
  expect((await run(['channels'], '', { ...nobody, ...links })).code).toBe(4);
  expect((await run(['config'], '', { ...nobody, PARLEY_FOO: '1' })).code).toBe(0);
});

test('refuses an invalid new password before sending anything', async () => {
  const { code, err } = await run([...nowhere, 'register', 'ann'], `${'x'.repeat(80)}\n`);
  expect([code, err]).toEqual([2, 'parley: A password has 8 to 72 bytes; this one has 80.\n']);
});
