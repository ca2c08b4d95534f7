import { setTimeout as pause } from 'node:timers/promises';
import { type TestPerson, Trio } from '@parley/testkit';

let trio: Trio;
let ann: TestPerson;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
  ann = await trio.people.make('ann');
});
afterAll(() => trio.stop());

test('the first report of a chat server ends the lease of the previous process at its address', async () => {
  const { id } = await trio.create(ann, 'reborn');
  const first = await trio.listen(ann, id);
  const [dead] = trio.chatServers.splice(0);
  dead?.kill('SIGKILL');
  await dead?.exited;
  await trio.people.sql("UPDATE chat.server SET lease_until = now() + interval '29 s'");
  const port = dead?.grpc.split(':').at(-1) ?? '';
  await trio.addChatServer({ PARLEY_PORT: port });
  const end = performance.now() + 60_000;
  const lapsed = 'SELECT lease_until <= now() AS lapsed FROM chat.server WHERE instance_id = $1';
  while ((await trio.people.sql(lapsed, [first.server?.id]))[0]?.lapsed !== true) {
    if (performance.now() > end) throw new Error('the lease of the earlier life did not end');
    await pause(50);
  }
  const again = await trio.listen(ann, id);
  expect(again.server?.addr).toBe(first.server?.addr);
  expect(again.server?.id).not.toBe(first.server?.id);
});
