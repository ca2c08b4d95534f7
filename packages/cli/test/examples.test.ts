import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { Grpcurl, Program, Trio } from '@parley/testkit';
import { chromiumPath, launch } from '@parley/web/testing';
import { projectFolder } from '../src/launcher/options.js';

const run = promisify(execFile);
const examples = join(projectFolder, 'examples');
const python = process.env.TEST_PYTHON ?? 'python3';
const has = (command: string, args: readonly string[], cwd = projectFolder) =>
  spawnSync(command, args, { cwd }).status === 0;
const given = (isHere: boolean) => (isHere ? test : test.skip);

let trio: Trio;
let folder = '';
let addresses: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-examples-'));
  trio = await Trio.start();
  const users = await trio.startUserService();
  addresses = [users.grpc, trio.managers[0]?.grpc ?? ''];
});
afterAll(async () => {
  await trio.stop();
  await rm(folder, { recursive: true });
});

/** Starts a client for each of two users; the first sends a message that both receive. */
async function talk(start: (user: string) => Program): Promise<void> {
  const programs = [start('one')];
  try {
    await programs[0]?.says('in ', 120_000); // It creates the room that the other one finds.
    programs.push(start('two'));
    await programs[1]?.says('in ', 120_000);
    programs[0]?.type('hello');
    for (const program of programs) await program.says(': hello');
  } finally {
    for (const { child } of programs) child.kill();
    await Promise.all(programs.map(({ exited }) => exited));
  }
}

given(Grpcurl.isHere)('examples/grpcurl sends a message and prints it', async () => {
  const script = join(examples, 'grpcurl', 'chat.sh');
  const { stdout } = await run(script, ['curl-user', 'correct horse', 'curl', 'hello', ...addresses]);
  expect(stdout).toBe('{}\nhello\n');
});

given(has(python, ['-c', 'import grpc, grpc_tools']))(
  'examples/python: two users talk',
  async () => {
    const client = join(examples, 'python', 'client.py');
    await talk((user) => new Program(python, [client, `py-${user}`, 'correct horse', 'python', ...addresses]));
  },
  150_000,
);

given(has('go', ['mod', 'download'], join(examples, 'go')))(
  'examples/go: two users talk',
  async () => {
    const cwd = join(examples, 'go');
    const buf = join(projectFolder, 'node_modules', '.bin', 'buf');
    await run(buf, ['generate', '../../proto', '--path', '../../proto/chat'], { cwd });
    const client = join(folder, 'client');
    await run('go', ['build', '-o', client, '.'], { cwd });
    await talk((user) => new Program(client, [`go-${user}`, 'correct horse', 'go', ...addresses]));
  },
  400_000,
);

given(chromiumPath !== undefined)(
  'examples/react: a user logs in, enters a room and sends a message',
  async () => {
    const vite = join(projectFolder, 'packages/web/node_modules/vite/bin/vite.js');
    await run(process.execPath, [vite, 'build', join(examples, 'react'), '--outDir', folder, '--emptyOutDir', 'false']);
    const gateway = await trio.startGateway({ PARLEY_WEB_DIR: folder });
    const [userService = '', channelService = ''] = addresses;
    const client = createClient({ transport: grpcTransport({ userService, channelService }) });
    await client.register({ userId: 'rita', password: 'correct horse', name: 'Rita' });
    await client.close();
    const browser = await launch();
    try {
      const page = await browser.newPage();
      await page.goto(gateway.http);
      await page.getByLabel('User ID').fill('rita');
      await page.getByLabel('Password').fill('correct horse');
      await page.getByLabel('Room').fill('react');
      await page.getByRole('button', { name: 'Enter' }).click();
      await page.getByRole('status').getByText('live').waitFor();
      await page.getByLabel('Message').fill('hello from React');
      await page.keyboard.press('Enter');
      await page.getByRole('listitem').filter({ hasText: 'rita hello from React' }).waitFor();
    } finally {
      await browser.close();
    }
  },
  150_000,
);
