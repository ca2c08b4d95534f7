import type { DisconnectRequest } from '@parley/contract';
import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { Chats } from './chats.js';
import { Listener } from './listener.js';
import { type Identity, type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let listener: Listener;
let server: Identity;
let me: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  me = await rig.person();
});

beforeEach(async () => {
  await rig.owner.query("UPDATE chat.server SET state = 'stopped', lease_until = now()");
  await rig.owner.query('DELETE FROM chat.rate');
  listener = new Listener();
  server = await rig.server(0, await listener.start());
});

afterEach(() => listener.stop());

afterAll(async () => {
  await rig.close();
  await database.close();
});

test('announces a channel to its new owning server with a token for that server', async () => {
  const id = await rig.room(me);
  await rig.listen(me, id);
  const [first] = await listener.hears(1);
  expect(first).toMatchObject({ method: 'add', request: { id, epoch: 1, users: [] } });
  const payload = JSON.parse(Buffer.from(String(first?.token.split('.')[1]), 'base64url').toString());
  expect(payload).toMatchObject({ aud: server.instanceId, iss: 'parley:manager' });
});

test('tells the chat server about a replaced seat', async () => {
  const [one, two] = [await rig.room(me), await rig.room(me)];
  await rig.listen(me, one);
  const { id: old } = await rig.one<{ id: string }>('SELECT id FROM chat.seat WHERE user_id = $1', me.id);
  await rig.listen(me, two);
  const told = (await listener.hears(3)).filter(({ method }) => method === 'disconnect');
  expect(told.map(({ request }) => request as unknown as DisconnectRequest)).toMatchObject([
    { seatId: old, channelId: 0, userId: '', goodbye: { reason: 'replaced', listenAgain: false } },
  ]);
});

test('disconnects users of a deleted channel, then removes the channel', async () => {
  const id = await rig.room(me);
  await rig.listen(me, id);
  await listener.hears(1);
  await rig.remove(me, id);
  const [, disconnect, remove] = await listener.hears(3);
  expect(disconnect).toMatchObject({
    method: 'disconnect',
    request: { channelId: id, seatId: '', goodbye: { reason: 'channel-deleted' } },
  });
  expect(remove).toMatchObject({ method: 'remove', request: { id } });
});

test('disconnects a removed user at the chat server that has the seat', async () => {
  const chats = new Chats(rig);
  const [id, other] = [await chats.make(me, 'group'), await rig.person()];
  await chats.add(me, id, other);
  await rig.listen(other, id);
  await chats.change(me, id, other, { remove: true });
  await chats.add(me, id, other);
  await chats.change(me, id, other, { remove: true });
  const told = (await listener.hears(2)).filter(({ method }) => method === 'disconnect');
  expect(told.map(({ request }) => request as unknown as DisconnectRequest)).toMatchObject([
    { channelId: id, userId: other.id, seatId: '', goodbye: { reason: 'removed', listenAgain: false } },
  ]);
});

test('tells users to listen again after a new log', async () => {
  const chats = new Chats(rig);
  const id = await chats.make(me, 'group');
  await rig.listen(me, id);
  await chats.update(me, id, { name: 'nothing is told' });
  await chats.update(me, id, { retention: { nothing: true } });
  const told = (await listener.hears(2)).filter(({ method }) => method === 'disconnect');
  expect(told.map(({ request }) => request as unknown as DisconnectRequest)).toMatchObject([
    { channelId: id, userId: '', seatId: '', goodbye: { reason: 'moved', listenAgain: true, retryAfterMs: 500 } },
  ]);
});

test('does not wait for an unresponsive chat server', async () => {
  listener.stop();
  const rooms = await Promise.all(Array.from({ length: 8 }, () => rig.room(me)));
  const took = { listen: [] as number[], remove: [] as number[] };
  for (const id of rooms) {
    await rig.owner.query('DELETE FROM chat.rate');
    for (const call of ['listen', 'remove'] as const) {
      const began = performance.now();
      await rig[call](me, id);
      took[call].push(performance.now() - began);
    }
  }
  // A command to a chat server may take 5 s. A busy machine does not delay all eight calls.
  for (const all of Object.values(took)) expect(Math.min(...all)).toBeLessThan(450);
});
