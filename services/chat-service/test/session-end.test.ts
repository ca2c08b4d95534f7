import { status } from '@grpc/grpc-js';
import { Trio, until } from '@parley/testkit';

let trio: Trio;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
});
afterAll(() => trio.stop());

test.each([
  [
    'a session that expires',
    'logged-out',
    "UPDATE chat.session SET expires_at = now() - interval '1 s' WHERE user_id = $1",
  ],
  ['a session that is revoked', 'logged-out', 'UPDATE chat.session SET revoked_at = now() WHERE user_id = $1'],
  ['a session that is purged', 'logged-out', 'DELETE FROM chat.session WHERE user_id = $1'],
  ['an account that is suspended', 'suspended', "UPDATE chat.users SET status = 'suspended' WHERE id = $1"],
  ['an account that is deleted', 'suspended', "UPDATE chat.users SET status = 'deleted' WHERE id = $1"],
])('ends the stream of %s, whatever changed the row', async (what, reason, change) => {
  const person = await trio.people.make(what.replaceAll(' ', '-'));
  const { id } = await trio.create(person, 'room');
  const stream = await trio.join(person, id);
  await trio.people.sql(change, [person.id]);
  expect(await stream.ended).toMatchObject({ code: status.UNAUTHENTICATED, reason });
  expect(stream.messages.at(-1)?.goodbye).toMatchObject({ reason, listenAgain: false });
  const seats = () => trio.people.sql('SELECT FROM chat.seat WHERE user_id = $1', [person.id]);
  await until(async () => (await seats()).length === 0);
});
