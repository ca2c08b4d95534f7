import { status } from '@grpc/grpc-js';
import { Chatter, Trio } from '@parley/testkit';

let trio: Trio;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
});
afterAll(() => trio.stop());

test('A token for a server that was killed is answered by its next life with `moved`: a new Listen, not a new login, mends it', async () => {
  const [server] = trio.chatServers.splice(0);
  const person = await trio.people.make('ann');
  const { id } = await trio.create(person, 'room');
  const listened = await trio.listen(person, id);
  server?.kill('SIGKILL');
  await server?.exited;
  const next = await trio.addChatServer({ PARLEY_PORT: server?.grpc.split(':').at(-1) ?? '' });
  expect(next.grpc).toBe(server?.grpc);
  expect(await new Chatter(listened).ended).toMatchObject({ code: status.ABORTED, reason: 'moved' });
}, 60_000);

test('A token for a channel that was given to another server meanwhile is answered with `moved`', async () => {
  const person = await trio.people.make('bob');
  const { id } = await trio.create(person, 'room');
  const listened = await trio.listen(person, id);
  await trio.people.sql('UPDATE chat.channel_head SET epoch = epoch + 1, boot_id = NULL WHERE channel_id = $1', [id]);
  expect(await new Chatter(listened).ended).toMatchObject({ code: status.ABORTED, reason: 'moved' });
});
