import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, Grpcurl, Started } from '@parley/testkit';
import { checksOf } from '../src/doctor/checks.js';
import type { Surroundings } from '../src/doctor/surroundings.js';
import { projectFolder } from '../src/launcher/options.js';

let data = '';
let first = 0;
let run: Started;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'parley-readme-'));
  await chmod(data, 0o755);
  first = await freePorts(5);
  const ports = ['--user-port', '--manager-port', '--web-port', '--chat-port'].flatMap((name, n) => [
    name,
    String(first + n),
  ]);
  run = new Started(['--data', data, ...ports]);
  await run.says('Press Ctrl-C to stop');
});
afterAll(async () => {
  run.child.kill('SIGINT');
  await run.ended;
  await rm(data, { recursive: true });
});

/** Returns the fenced blocks of one language below a heading of a page. */
function blocks(page: string, heading: string, fence: string): string[] {
  const text = readFileSync(join(projectFolder, page), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return [...section.matchAll(new RegExp(`^\`\`\`${fence}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, body]) => body ?? '');
}

/** Returns documented commands with the ports and folders of this run. */
function here(commands: string): string {
  const parley = `patiently '${process.execPath}' '${join(projectFolder, 'bin', 'parley.js')}'`;
  return commands
    .replace(/^(npx parley (?:send|get) .*)$/gm, `$1 --gateway http://127.0.0.1:${first + 2}`)
    .replace('.parley/saved', `'${join(data, 'saved')}'`)
    .replace(/localhost:5005([12])/g, (_match, n: string) => `localhost:${first + Number(n) - 1}`)
    .replace(
      /npx parley doctor/g,
      `${parley} --login '${join(data, 'doctor.json')}' doctor --data '${data}' --timeout 60`,
    )
    .replace(/npx parley token/g, `${parley} token --data '${data}'`)
    .replace(/npx parley( --login \S+)? admin grant (\S+)/g, `${parley} admin grant $2 --data '${data}'`)
    .replace(/npx parley( --login (\S+))?/g, (_match, _option, file: string | undefined) => {
      const services = `--user-service localhost:${first} --manager localhost:${first + 1}`;
      return `${parley} ${services} --login '${join(data, file ?? 'login.json')}'`;
    });
}

/** A function of bash that runs a command again while it says that the services are overloaded, as a user would. */
const patiently = `patiently() {
  local input said status
  input=$(cat)
  for try in {1..30}; do
    status=0
    said=$("$@" 2>&1 <<<"$input") || status=$?
    [ $status != 0 ] && grep -qE 'database is not available|server is overloaded|before its deadline' <<<"$said" || break
    sleep 0.5
  done
  echo "$said"
  return $status
}
`;

/** Runs a script in bash, which stops at the first command that fails. */
function bash(script: string): Promise<{ status: number | null; output: string }> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', patiently + script]);
  child.stdin.end();
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, output })));
}

test('README: the first chat in the terminal works', async () => {
  const [alice = '', bob = ''] = blocks('README.md', 'Your first chat', '');
  expect(alice.match(/npx parley/g)).toHaveLength(4);
  const typed = (block: string) => here(block).replace(/^(.+)$/gm, "echo 'correct horse' | $1");
  const first = await bash(typed(alice));
  expect(first).toMatchObject({ status: 0, output: expect.stringContaining('alice: correct horse') });
  const second = await bash(typed(bob));
  expect(second).toMatchObject({ status: 0, output: expect.stringContaining('bob: correct horse') });
});

test('docs/terminal.md: the commands work one after the other', async () => {
  const headings = [
    'Chats and members',
    'Invite links',
    'Reading',
    'Files',
    'People and your account',
    'Bots',
    'Webhooks',
  ];
  const commands = headings.flatMap((heading) => blocks('docs/terminal.md', heading, '')).join('\n');
  expect(commands.match(/^npx parley/gm)).toHaveLength(40);
  const { status, output } = await bash(here(commands).replace(/^(.+)$/gm, "echo 'correct horse' | $1"));
  expect(output).toMatch(/^team is channel \d+, for up to 1000 people/m);
  expect(output).toContain('finn is now an admin.');
  expect(output).toContain('erin: correct horse');
  expect(output).toMatch(/^\d+ +@erin +1 /m);
  expect(output).toMatch(/^npx parley join invite-\S{22}$/m);
  expect(output).toContain('In team, only mentions and replies notify you.');
  expect(output).toContain('team is marked as unread.');
  expect(output).toMatch(/^Sent as #\d+, with README\.md, LICENSE\.$/m);
  expect(output).toMatch(/saved\/README\.md\.\nSaved .*LICENSE\.$/m);
  expect(output).toContain('Your email address is erin@example.org.');
  expect(output).toMatch(/^helper +Helper +erin/m);
  expect(output).toMatch(/^\/roll +helper +Rolls a die\n\/toss +helper +Tosses a coin$/m);
  expect(output).toMatch(/^http:\/\/\S+\/hooks\/hook_\S{43}$/m);
  expect(output).toMatch(/^webhook-\w{16} +builds +erin/m);
  expect(output).toMatch(/^whsec_\S{44}$/m);
  expect(output).toMatch(/^outgoing-\w{16} +https:\/\/example\.org\/hook +message\.created +enabled +0/m);
  expect(output).toContain('Ended 0 sessions.');
  expect(status).toBe(0);
});

test('docs/operating.md: the commands make an operator, who lists the servers', async () => {
  const [commands = ''] = blocks('docs/operating.md', 'Operators', '');
  expect(commands.match(/npx parley/g)).toHaveLength(5);
  const { status, output } = await bash(here(commands).replace(/^(.+)$/gm, "echo 'correct horse' | $1"));
  expect(output).toMatch(/chat-1 .*serving/);
  expect(output).toMatch(/\(database\) +user\.set +dora/);
  expect(status).toBe(0);
});

test('docs/doctor.md: the doctor finds no fault in a running `npm start`', async () => {
  const [commands = ''] = blocks('docs/doctor.md', 'Running it', '');
  expect(commands).toBe('npx parley doctor\n');
  const { status, output } = await bash(here(commands));
  expect(output).toMatch(/No fault was found/);
  for (const check of ['names', 'chat servers', 'durability', 'listen', 'processes'])
    expect(output).toMatch(new RegExp(`^ok +${check}: `, 'm'));
  expect(status).toBe(0);
});

test('docs/doctor.md: the table names every check', () => {
  const page = readFileSync(join(projectFolder, 'docs/doctor.md'), 'utf8');
  const named = [...(page.split(/^## /m)[2] ?? '').matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
  expect(named).toEqual(checksOf({ services: [], env: {} } as unknown as Surroundings).map(({ name }) => name));
});

test('docs/operating.md: an export has the lines of the example, and the table names their types', async () => {
  const exports = blocks('docs/operating.md', 'Operators', '').filter((block) => block.includes('admin export-user'));
  expect(exports).toEqual([expect.stringMatching(/^(npx parley .*\n){2}$/)]);
  const [commands = ''] = exports;
  const file = join(data, 'dora.jsonl');
  const { status, output } = await bash(here(commands).replace('.parley/dora.jsonl', `'${file}'`));
  expect(output).toMatch(/dora\.jsonl has \d+ lines about dora\.\n{"type":"session"/);
  expect(status).toBe(0);
  const shapes = (text: string) =>
    new Set(
      text
        .trim()
        .split('\n')
        .map((line) => [JSON.parse(line)].map(({ type, ...line }) => `${type}: ${Object.keys(line)}`).join()),
    );
  const [example = ''] = blocks('docs/operating.md', 'Operators', 'json');
  const real = shapes(readFileSync(file, 'utf8'));
  expect([...shapes(example)].filter((shape) => !real.has(shape))).toEqual([]);
  const page = readFileSync(join(projectFolder, 'docs/operating.md'), 'utf8');
  expect([...real].map((shape) => shape.split(':')[0]).filter((type) => !page.includes(`| \`${type}\` |`))).toEqual([]);
});

test('docs/operating.md: the commands list and run migrations', async () => {
  const commands = blocks('docs/operating.md', 'Upgrades', '').find((block) => block.includes('migrate')) ?? '';
  const { status, output } = await bash(
    commands.replace(
      /npx parley (.*)/g,
      `'${process.execPath}' '${join(projectFolder, 'bin', 'parley.js')}' $1 --data '${data}'`,
    ),
  );
  expect([status, output]).toEqual([0, 'The database has all migrations.\n'.repeat(2)]);
});

test('docs/operating.md: the commands write, check and restore backups', async () => {
  const commands = blocks('docs/operating.md', 'Backups', '').flatMap(
    (block) => block.match(/^(npx parley|mkdir) .*$/gm) ?? [],
  );
  expect(commands).toHaveLength(6);
  writeFileSync(join(data, 'passphrase'), 'correct horse');
  const script = commands
    .join('\n')
    .replaceAll('npx parley', `'${process.execPath}' '${join(projectFolder, 'bin', 'parley.js')}'`);
  const { status, output } = await bash(
    script
      .replaceAll('.parley/', `'${data}'/`)
      .replaceAll('.restored', `'${join(data, 'restored')}'`)
      .replace(/ backup .*$/gm, `$& --data '${data}'`),
  );
  expect(output).toMatch(
    /backup has \d+ rows of .*\n.* is whole: (\d+ rows) of .*\n.*backups\/parley-\S+Z\.backup has \d+ rows.*\nRestored \1 of .* into .*restored\. .*\n(?:.*\n)*.*move\.backup has \d+ rows/,
  );
  expect(status).toBe(0);
});

const withGrpcurl = Grpcurl.isHere ? test : test.skip;

withGrpcurl('docs/protocol.md: the grpcurl commands run one after the other in one shell', async () => {
  const commands = blocks('docs/protocol.md', 'With grpcurl', 'sh');
  expect(commands).toHaveLength(2);
  const { status, output } = await bash(here(commands.join('\n')));
  expect(output).toContain('"data": "aGVsbG8="');
  expect(output).toContain('"name": "cave"');
  expect(output).not.toContain('ERROR');
  expect(status).toBe(0);
});
