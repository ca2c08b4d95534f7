import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bodyOf, Grpcurl, headerOf, Program, python, Trio } from '@parley/testkit';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const has = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
const withGrpcurl = Grpcurl.isHere ? describe : describe.skip;
const withPython = has(python, '-c', 'import grpc, grpc_tools') ? describe : describe.skip;

let trio: Trio;
let userService: string;
beforeAll(async () => {
  trio = await Trio.start({ chatServers: 2 });
  userService = (await trio.startUserService()).grpc;
});
afterAll(() => trio.stop());

/**
 * Sources from which grpcurl learns the contract, with the package of the services that it calls.
 */
const dialects = {
  'the original proto file': Grpcurl.ofOriginal(),
  'reflection, the original names': new Grpcurl([], ''),
  'reflection, chat.v1': new Grpcurl([], 'chat.v1.'),
};

async function inside(id: number, people: number): Promise<void> {
  const seats = () => trio.people.sql('SELECT FROM chat.seat WHERE channel_id = $1 AND live', [id]);
  while ((await seats()).length < people) await new Promise((resolve) => setTimeout(resolve, 50));
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

withGrpcurl('grpcurl', () => {
  test.each(Object.entries(dialects))(
    'grpcurl does everything from Register to Connect with %s',
    async (name, dialect) => {
      const manager = trio.managers[0]?.grpc ?? '';
      const tag = name.replace(/[^a-z0-9]/gi, '').slice(0, 20);
      const [one, two] = [
        await dialect.signUp(userService, `one-${tag}`),
        await dialect.signUp(userService, `two-${tag}`),
      ];
      const created = bodyOf(await dialect.call(manager, 'ChannelService/Create', { name: 'den', limit: 5 }, one));
      expect(created).toMatchObject({ name: 'den', limit: 5 });
      const id = created.id;
      expect(bodyOf(await dialect.call(manager, 'ChannelService/List', { id }, two))).toMatchObject({
        id,
        name: 'den',
      });
      expect(await dialect.call(manager, 'ChannelService/List', {}, two)).toContain('"den"');

      const streams: Program[] = [];
      for (const token of [one, two]) {
        const listened = await dialect.call(manager, 'ChannelService/Listen', { id }, token);
        const server = bodyOf(listened).server as { addr: string };
        streams.push(dialect.connect(server.addr, headerOf(listened, 'chat-token')));
      }
      const [a, b] = streams as [Program, Program];
      await inside(Number(id), 2);
      a.type(JSON.stringify({ data: base64('hello') }));
      await b.says(base64('hello'));
      b.type(JSON.stringify({ data: base64('hi there') }));
      await a.says(base64('hi there'));
      expect([await a.end(), await b.end()]).toEqual([0, 0]);

      await dialect.call(manager, 'ChannelService/Delete', { id }, one);
      await expect(dialect.call(manager, 'ChannelService/List', { id }, one)).rejects.toThrow(
        'chat-reason: channel-not-found',
      );
    },
  );

  test('a user cannot make the calls of services, under any name', async () => {
    const token = await dialects['reflection, chat.v1'].signUp(userService, 'nosy');
    const calls: [string, string, object][] = [
      [trio.managers[0]?.grpc ?? '', 'ChannelService/Report', {}],
      [trio.chatServers[0]?.grpc ?? '', 'ChatService/Add', { id: 1 }],
      [trio.chatServers[0]?.grpc ?? '', 'ChatService/Remove', { id: 1 }],
    ];
    for (const dialect of Object.values(dialects)) {
      for (const [address, method, request] of calls) {
        await expect(dialect.call(address, method, request, token)).rejects.toThrow('chat-reason: not-a-service');
        await expect(dialect.call(address, method, request)).rejects.toThrow('chat-reason: unauthenticated');
      }
    }
  });
});

withPython('A Python client generated from the original contract', () => {
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

  test('a client chats with the token from the header chat-token', async () => {
    const dialect = dialects['the original proto file'];
    const token = await dialect.signUp(userService, 'host');
    await dialect.signUp(userService, 'pythonista');
    const manager = trio.managers[0]?.grpc ?? '';
    const { id } = bodyOf(await dialect.call(manager, 'ChannelService/Create', { name: 'py', limit: 2 }, token));
    const listened = await dialect.call(manager, 'ChannelService/Listen', { id }, token);
    const server = bodyOf(listened).server as { addr: string };
    const host = dialect.connect(server.addr, headerOf(listened, 'chat-token'));
    await inside(Number(id), 1);
    const script = fileURLToPath(new URL('../../test/python/seed_client.py', import.meta.url));
    const client = new Program(python, [
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
    expect(client.said).toContain('True pythonista from Python');
    expect(await client.end()).toBe(0);
    await host.end();
  });
});
