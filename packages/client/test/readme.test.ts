import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program, Trio } from '@parley/testkit';
import { ChannelKind, createClient } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';
import { clientOf, told, until } from './rig.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const sdkPage = readFileSync(join(root, 'docs', 'sdk.md'), 'utf8');

let trio: Trio;
/** The addresses of the services, by those in the examples. */
let addresses: Readonly<Record<string, string>>;

beforeAll(async () => {
  trio = await Trio.start();
  const userService = (await trio.startUserService()).grpc;
  const { grpc: gateway, http } = await trio.startGateway();
  const channelService = trio.managers[0]?.grpc ?? '';
  addresses = {
    '127.0.0.1:50051': userService,
    '127.0.0.1:50052': channelService,
    '127.0.0.1:10080': gateway,
    'http://127.0.0.1:8080': http,
  };
  const client = createClient({ transport: grpcTransport({ userService, channelService }) });
  await client.register({ userId: 'ann', password: 'correct horse', name: 'Ann' });
  await client.login('ann', 'correct horse');
  expect((await client.create({ name: 'first', limit: 2 })).id).toBe(1);
  await client.close();
});
afterAll(() => trio.stop());

/** Runs an example of docs/sdk.md in the root of the clone, with other addresses. */
async function run(example: number, addresses: Readonly<Record<string, string>>): Promise<Program> {
  const [, code = ''] = [...sdkPage.matchAll(/```ts\n([\s\S]*?)```/g)][example] ?? [];
  const file = join(root, `example-${randomUUID()}.mjs`);
  const usual = Object.keys(addresses);
  await writeFile(
    file,
    usual.reduce((text, one) => text.replaceAll(one, addresses[one] ?? ''), code),
  );
  const program = new Program(process.execPath, [file]);
  void program.exited.finally(() => rm(file));
  return program;
}

async function kill(program: Program): Promise<void> {
  program.child.kill();
  await program.exited;
}

test('docs/sdk.md: the first example runs unchanged in the root of a clone', async () => {
  const talk = await run(0, addresses);
  try {
    await talk.says('1 ann hello\n');
  } finally {
    await kill(talk);
  }
});

test('docs/sdk.md: a program sends a file and reads it again', async () => {
  const ann = createClient({
    transport: grpcTransport({
      userService: addresses['127.0.0.1:50051'] ?? '',
      channelService: addresses['127.0.0.1:50052'] ?? '',
    }),
  });
  await ann.login('ann', 'correct horse');
  expect((await ann.create({ name: 'second', kind: ChannelKind.GROUP })).id).toBe(2);
  await ann.close();
  const program = await run(2, addresses);
  try {
    await program.says('sent\nfiles.mjs is complete\n');
  } finally {
    await kill(program);
  }
});

test('docs/sdk.md: the bot reads all its chats, replies, and continues after a restart', async () => {
  const place = join(root, `place-${process.pid}.json`);
  const eve = clientOf(trio, await trio.people.make('eve'), addresses['127.0.0.1:50051']);
  const { id } = await eve.create({ name: 'team', kind: ChannelKind.GROUP });
  const { token } = await eve.bots.create('echo', { channelId: id });
  const given = { ...addresses, 'place.json': place, 'bot_...': token };
  await eve.members.add(id, 'echo');
  const there = await eve.listen(id);
  const first = await run(1, given);
  await first.says('connected\n');
  await there.send('one');
  await first.says(`${id} 2 eve one\n`);
  await until(async () => JSON.parse(await readFile(place, 'utf8').catch(() => '{}')).seen?.[0]?.seq === 2);
  await kill(first);
  await there.send('/echo two');
  const second = await run(1, given);
  try {
    await second.says(`${id} 3 eve /echo two\n`);
    expect(second.said).not.toContain('one');
    await until(async () => (await told(eve, id)).includes('two'));
    await there.send('/echo@another three');
    await there.send('/echo@echo four');
    await until(async () => (await told(eve, id)).includes('four'));
    expect(await told(eve, id)).toEqual([
      ...['one', '/echo two', 'two', '/echo@another three', '/echo@echo four', 'four'],
    ]);
    expect((await eve.bots.commands(id).next()).value).toMatchObject({ name: 'echo', botId: 'echo' });
  } finally {
    await kill(second);
    await rm(place);
    await eve.close();
  }
});
