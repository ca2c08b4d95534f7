import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { patient } from '@parley/client/testing';
import { Channel, ChannelKind, ChannelService } from '@parley/contract';
import { callPatiently, Grpcurl, Program, python, Trio } from '@parley/testkit';
import { chromiumPath, launch } from '@parley/web/testing';
import { projectFolder } from '../src/launcher/options.js';

const run = promisify(execFile);
const examples = join(projectFolder, 'examples');
const has = (command: string, args: readonly string[], cwd = projectFolder) =>
  spawnSync(command, args, { cwd }).status === 0;
const given = (isHere: boolean) => (isHere ? test : test.skip);

let trio: Trio;
let folder = '';
let names = 0;
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

/** Starts a client until it is in the room: it gives up if it meets an overloaded service. */
async function enter(start: () => Program, tries = 10): Promise<Program> {
  const program = start();
  const isIn = program.says('in ', 120_000);
  const ended = await Promise.race([isIn.then(() => false), program.exited.then(() => true)]);
  if (!ended || tries === 1) return isIn.then(() => program);
  isIn.catch(() => {});
  return enter(start, tries - 1);
}

/** Starts a client for each of two users. The first user sends a message that both receive. */
async function talk(start: (user: string) => Program): Promise<void> {
  const programs: Program[] = [];
  try {
    // The first client creates the room, and the second one finds it.
    for (const user of ['one', 'two']) programs.push(await enter(() => start(user)));
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

given(has(python, ['-c', 'import grpc, grpc_tools']))('examples/python: two users talk', async () => {
  const client = join(examples, 'python', 'client.py');
  await talk((user) => new Program(python, [client, `py-${user}`, 'correct horse', 'python', ...addresses]));
});

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

/** Returns the fenced block of one language in docs/websocket.md. */
async function documented(fence: string): Promise<string> {
  const page = await readFile(join(projectFolder, 'docs', 'websocket.md'), 'utf8');
  return new RegExp(`^\`\`\`${fence}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)?.[1] ?? '';
}

/** Starts a program that watches an inbox, and waits until it prints all of these words. */
async function watch(
  start: (url: string, token: string, chat: number) => Program,
  ...printed: readonly string[]
): Promise<void> {
  const gateway = await trio.startGateway();
  names += 1;
  const [ann, bob] = [await trio.people.make(`ann${names}`), await trio.people.make(`bob${names}`)];
  const channel = Channel.fromPartial({ name: 'team', kind: ChannelKind.GROUP });
  const call = { token: ann.token, withinMs: 30_000 };
  const { id } = await callPatiently(trio.manager(), ChannelService.create, channel, call);
  await trio.changeMember(ann, { channelId: id, userId: bob.id, add: true });
  const program = start(`${gateway.http.replace('http', 'ws')}/connect`, bob.token, id);
  const stream = await trio.join(ann, id);
  try {
    for (let sent = 0; !program.said.includes(printed[0] ?? '') && sent < 300; sent++) {
      stream.send('hello'); // The program may have connected after an earlier one.
      await pause(200);
    }
    for (const words of printed) await program.says(words);
  } finally {
    program.child.kill();
    await Promise.all([program.exited, stream.leave(), gateway.stop()]);
  }
}

given(has('wscat', ['--version']))(
  'docs/websocket.md: wscat prints the events of an inbox, and sends a message',
  async () => {
    const [commands, post] = await Promise.all([documented('sh'), documented('text')]);
    const login = join(folder, 'login.json');
    const start = (url: string, token: string, chat: number) => {
      writeFileSync(login, JSON.stringify({ token }));
      const script = commands
        .replace('ws://localhost:8080/connect', url)
        .replace('~/.config/parley/login.json', login)
        .replace('--wait', `--execute '${post.trim().replace('"channelId":1', `"channelId":${chat}`)}' --wait`);
      return new Program('bash', ['-c', script]);
    };
    await watch(start, '"data":"aGVsbG8="', '{"ack":{"clientId":"4be4b2f4-3b0f-4e8e-9d5c-0a1f4f3f6d11","seq":');
  },
);

given(has(python, ['-c', 'import websockets.asyncio.client']))(
  'docs/websocket.md: the program in Python prints the messages of all chats',
  async () => {
    const client = join(examples, 'websocket', 'client.py');
    expect(await documented('python')).toBe(await readFile(client, 'utf8'));
    const start = (url: string, TOKEN: string) =>
      new Program(python, [client, url], { env: { ...process.env, TOKEN } });
    await watch(start, ': hello');
  },
);

given(has('go', ['mod', 'download'], join(examples, 'websocket')))(
  'docs/websocket.md: the program in Go prints the messages of all chats',
  async () => {
    const cwd = join(examples, 'websocket');
    expect(await documented('go')).toBe(await readFile(join(cwd, 'main.go'), 'utf8'));
    const client = join(folder, 'websocket');
    await run('go', ['build', '-o', client, '.'], { cwd });
    const start = (url: string, TOKEN: string) => new Program(client, [url], { env: { ...process.env, TOKEN } });
    await watch(start, ': hello');
  },
  400_000,
);

given(chromiumPath !== undefined)('examples/react: a user logs in, enters a room and sends a message', async () => {
  const vite = join(projectFolder, 'packages/web/node_modules/vite/bin/vite.js');
  await run(process.execPath, [vite, 'build', join(examples, 'react'), '--outDir', folder, '--emptyOutDir', 'false']);
  const gateway = await trio.startGateway({ PARLEY_WEB_DIR: folder });
  const [userService = '', channelService = ''] = addresses;
  const client = createClient({ transport: patient(grpcTransport({ userService, channelService })) });
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
});
