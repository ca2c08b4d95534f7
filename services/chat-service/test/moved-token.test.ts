import { status } from '@grpc/grpc-js';
import { Chatter, lastingPort, Trio, until } from '@parley/testkit';

let trio: Trio;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
});
afterAll(() => trio.stop());

test('A restarted server refuses a token of its previous instance with `moved`, so that the client listens again', async () => {
  const server = await trio.addChatServer({ PARLEY_PORT: await lastingPort() });
  const person = await trio.people.make('ann');
  const { id } = await trio.create(person, 'room');
  await trio.place(id, server);
  const listened = await trio.listen(person, id);
  server.kill('SIGKILL');
  await server.exited;
  const next = await trio.addChatServer({ PARLEY_PORT: server.grpc.split(':').at(-1) ?? '' });
  expect(next.grpc).toBe(server.grpc);
  expect(await new Chatter(listened).ended).toMatchObject({ code: status.ABORTED, reason: 'moved' });
});

test('A token for a channel that has moved to another server is refused with `moved`', async () => {
  const person = await trio.people.make('bob');
  const { id } = await trio.create(person, 'room');
  const listened = await trio.listen(person, id);
  await trio.people.sql('UPDATE chat.channel_head SET epoch = epoch + 1, instance_id = NULL WHERE channel_id = $1', [
    id,
  ]);
  expect(await new Chatter(listened).ended).toMatchObject({ code: status.ABORTED, reason: 'moved' });
});

test('The first report of a new instance ends the old one, so that Listen no longer leads to it', async () => {
  const server = await trio.addChatServer({ PARLEY_PORT: await lastingPort() });
  const person = await trio.people.make('carol');
  const { id } = await trio.create(person, 'room');
  await trio.place(id, server);
  server.kill('SIGKILL');
  await server.exited;
  trio.chatServers.splice(trio.chatServers.indexOf(server), 1);
  const lives =
    'SELECT instance_id, lease_until > now() AS lives FROM chat.server WHERE internal_addr = $1 ORDER BY started_at';
  const [old] = await trio.people.sql(lives, [server.grpc]);
  await trio.people.sql("UPDATE chat.server SET lease_until = now() + interval '25 s' WHERE instance_id = $1", [
    old?.instance_id,
  ]);
  await trio.addChatServer({ PARLEY_PORT: server.grpc.split(':').at(-1) ?? '', PARLEY_NAME: 'chat-2' });
  const ended = async () =>
    (await trio.people.sql(lives, [server.grpc])).map((life) => life.lives).join() === 'false,true';
  await until(ended);
  const listened = await trio.listen(person, id);
  expect(listened.server?.id).not.toBe(old?.instance_id);
  const stream = new Chatter(listened, { events: true });
  await stream.find(({ welcome }) => welcome !== undefined);
  await stream.leave();
});
