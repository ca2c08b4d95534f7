import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program, Trio } from '@parley/testkit';
import { createClient } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const sdkPage = readFileSync(join(root, 'docs', 'sdk.md'), 'utf8');

let trio: Trio;

beforeAll(async () => {
  trio = await Trio.start();
});
afterAll(() => trio.stop());

test('docs/sdk.md: the first example runs unchanged in the root of a clone', async () => {
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(sdkPage) ?? [];
  const users = await trio.startUserService();
  const [userService, channelService] = [users.grpc, trio.managers[0]?.grpc ?? ''];
  const client = createClient({ transport: grpcTransport({ userService, channelService }) });
  await client.register({ userId: 'ann', password: 'correct horse', name: 'Ann' });
  await client.login('ann', 'correct horse');
  expect((await client.create({ name: 'first', limit: 2 })).id).toBe(1);
  const file = join(root, `talk-${process.pid}.mjs`);
  await writeFile(file, code.replace('127.0.0.1:50051', userService).replace('127.0.0.1:50052', channelService));
  const talk = new Program(process.execPath, [file]);
  try {
    await talk.says('1 ann hello\n');
  } finally {
    talk.child.kill();
    await talk.exited;
    await rm(file);
    await client.close();
  }
});
