import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Trio } from '@parley/testkit';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const python = process.env.TEST_PYTHON ?? 'python3';
const has = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
const withGrpcurl = has('grpcurl', '-version') ? describe : describe.skip;
const withPython = has(python, '-c', 'import grpc, grpc_tools') ? describe : describe.skip;

let trio: Trio;
let userService: string;
beforeAll(async () => {
  trio = await Trio.start({ chatServers: 2 });
  userService = (await trio.startUserService()).grpc;
});
afterAll(() => trio.stop());

/** How grpcurl learns the contract, and by which name it calls. */
const dialects = {
  "the seed's own proto file": {
    options: ['-import-path', join(root, 'proto/seed'), '-proto', 'seed.proto'],
    prefix: '',
  },
  "reflection, the seed's names": { options: [], prefix: '' },
  'reflection, chat.v1': { options: [], prefix: 'chat.v1.' },
};
type Dialect = (typeof dialects)[keyof typeof dialects];

async function grpcurl(dialect: Dialect, address: string, method: string, request: object, token?: string) {
  const auth = token === undefined ? [] : ['-H', `authorization: Bearer ${token}`];
  const args = [
    '-plaintext',
    '-v',
    ...dialect.options,
    ...auth,
    '-d',
    JSON.stringify(request),
    address,
    dialect.prefix + method,
  ];
  return run('grpcurl', args).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => Promise.reject(new Error(stdout)),
  );
}

function headerOf(output: string, key: string): string {
  return new RegExp(`^${key}: (.+)$`, 'm').exec(output)?.[1] ?? '';
}

function bodyOf(output: string): Record<string, unknown> {
  const body = /^Response contents:\n([\s\S]*?)\n\n/m.exec(output)?.[1];
  return JSON.parse(body ?? '{}') as Record<string, unknown>;
}

/** A program that stays, whose output can be waited for. */
class Running {
  readonly #child: ChildProcess;
  output = '';

  constructor(command: string, args: string[]) {
    this.#child = spawn(command, args);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
  }

  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async says(text: string): Promise<void> {
    for (let tries = 0; !this.output.includes(text); tries++) {
      if (tries > 200) throw new Error(`never said ${text}:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async ends(): Promise<number | null> {
    this.#child.stdin?.end();
    return this.#child.exitCode ?? new Promise((resolve) => this.#child.once('exit', resolve));
  }
}

function connect(dialect: Dialect, address: string, token: string): Running {
  const auth = ['-H', `authorization: Bearer ${token}`];
  return new Running('grpcurl', [
    '-plaintext',
    ...dialect.options,
    ...auth,
    '-d',
    '@',
    address,
    `${dialect.prefix}ChatService/Connect`,
  ]);
}

async function inside(id: number, people: number): Promise<void> {
  const seats = () => trio.people.sql('SELECT FROM chat.seat WHERE channel_id = $1 AND live', [id]);
  while ((await seats()).length < people) await new Promise((resolve) => setTimeout(resolve, 50));
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

async function signUp(dialect: Dialect, user: string): Promise<string> {
  await grpcurl(dialect, userService, 'UserService/Register', { user_id: user, password: 'correct horse', name: user });
  const login = await grpcurl(dialect, userService, 'UserService/Login', { user_id: user, password: 'correct horse' });
  return String(bodyOf(login).token);
}

withGrpcurl('grpcurl', () => {
  test.each(Object.entries(dialects))('does the whole path by %s', async (name, dialect) => {
    const manager = trio.managers[0]?.grpc ?? '';
    const tag = name.replace(/[^a-z0-9]/gi, '').slice(0, 20);
    const [one, two] = [await signUp(dialect, `one-${tag}`), await signUp(dialect, `two-${tag}`)];
    const created = bodyOf(await grpcurl(dialect, manager, 'ChannelService/Create', { name: 'den', limit: 5 }, one));
    expect(created).toMatchObject({ name: 'den', limit: 5 });
    const id = created.id;
    expect(bodyOf(await grpcurl(dialect, manager, 'ChannelService/List', { id }, two))).toMatchObject({
      id,
      name: 'den',
    });
    expect(await grpcurl(dialect, manager, 'ChannelService/List', {}, two)).toContain('"den"');

    const streams: Running[] = [];
    for (const token of [one, two]) {
      const listened = await grpcurl(dialect, manager, 'ChannelService/Listen', { id }, token);
      const server = bodyOf(listened).server as { addr: string };
      streams.push(connect(dialect, server.addr, headerOf(listened, 'chat-token')));
    }
    const [a, b] = streams as [Running, Running];
    await inside(Number(id), 2);
    a.type(JSON.stringify({ data: base64('hello') }));
    await b.says(base64('hello'));
    b.type(JSON.stringify({ data: base64('hi there') }));
    await a.says(base64('hi there'));
    expect([await a.ends(), await b.ends()]).toEqual([0, 0]);

    await grpcurl(dialect, manager, 'ChannelService/Delete', { id }, one);
    await expect(grpcurl(dialect, manager, 'ChannelService/List', { id }, one)).rejects.toThrow(
      'chat-reason: channel-not-found',
    );
  });

  test('service calls are refused to users, by every name', async () => {
    const token = await signUp(dialects['reflection, chat.v1'], 'nosy');
    const calls: [string, string, object][] = [
      [trio.managers[0]?.grpc ?? '', 'ChannelService/Report', {}],
      [trio.chatServers[0]?.grpc ?? '', 'ChatService/Add', { id: 1 }],
      [trio.chatServers[0]?.grpc ?? '', 'ChatService/Remove', { id: 1 }],
    ];
    for (const dialect of Object.values(dialects)) {
      for (const [address, method, request] of calls) {
        await expect(grpcurl(dialect, address, method, request, token)).rejects.toThrow('chat-reason: not-a-service');
        await expect(grpcurl(dialect, address, method, request)).rejects.toThrow('chat-reason: unauthenticated');
      }
    }
  });
});

withPython('A Python client generated from the seed', () => {
  let stubs: string;
  beforeAll(async () => {
    stubs = mkdtempSync(join(tmpdir(), 'parley-stubs-'));
    const args = [
      '-m',
      'grpc_tools.protoc',
      `-I${join(root, 'proto/seed')}`,
      `--python_out=${stubs}`,
      `--grpc_python_out=${stubs}`,
    ];
    await run(python, [...args, 'seed.proto']);
  });
  afterAll(() => rmSync(stubs, { recursive: true }));

  test('reads the token from the header chat-token and chats', async () => {
    const dialect = dialects["the seed's own proto file"];
    const token = await signUp(dialect, 'host');
    await signUp(dialect, 'pythonista');
    const manager = trio.managers[0]?.grpc ?? '';
    const { id } = bodyOf(await grpcurl(dialect, manager, 'ChannelService/Create', { name: 'py', limit: 2 }, token));
    const listened = await grpcurl(dialect, manager, 'ChannelService/Listen', { id }, token);
    const server = bodyOf(listened).server as { addr: string };
    const host = connect(dialect, server.addr, headerOf(listened, 'chat-token'));
    await inside(Number(id), 1);
    const script = fileURLToPath(new URL('../../test/python/seed_client.py', import.meta.url));
    const client = new Running(python, [
      script,
      stubs,
      userService,
      manager,
      'pythonista',
      'correct horse',
      String(id),
    ]);
    await host.says(base64('pythonista from Python'));
    host.type(JSON.stringify({ data: base64('goodbye, Python') }));
    await client.says('True goodbye, Python');
    expect(client.output).toContain('True pythonista from Python');
    expect(await client.ends()).toBe(0);
    await host.ends();
  });
});
