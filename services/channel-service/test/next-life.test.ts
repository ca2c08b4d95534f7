import { setTimeout as pause } from 'node:timers/promises';
import { freePorts, type TestPerson, Trio } from '@parley/testkit';

let trio: Trio;
let ann: TestPerson;
/** A fixed port, which no other process takes while the server is away. */
let port: string;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 0 });
  ann = await trio.people.make('ann');
  port = String(await freePorts(1));
  await trio.addChatServer({ PARLEY_PORT: port });
});
afterAll(() => trio.stop());

test('the first report of a chat server ends the lease of the previous process at its address', async () => {
  const { id } = await trio.create(ann, 'reborn');
  const first = await trio.listen(ann, id);
  const [dead] = trio.chatServers.splice(0);
  dead?.kill('SIGKILL');
  await dead?.exited;
  const [given] = await trio.people.sql(
    "UPDATE chat.server SET lease_until = now() + interval '29 s' RETURNING lease_until",
  );
  await trio.addChatServer({ PARLEY_PORT: port });
  const end = performance.now() + 60_000;
  const ended = 'SELECT lease_until < $2 AS ended FROM chat.server WHERE instance_id = $1';
  while ((await trio.people.sql(ended, [first.server?.id, given?.lease_until]))[0]?.ended !== true) {
    if (performance.now() > end) throw new Error('the lease of the earlier life did not end');
    await pause(50);
  }
  const again = await trio.listen(ann, id);
  expect(again.server?.addr).toBe(first.server?.addr);
  expect(again.server?.id).not.toBe(first.server?.id);
});
