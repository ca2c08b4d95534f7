import { randomUUID } from 'node:crypto';
import { openTestPool, type TestPerson, Trio, until } from '@parley/testkit';
import { Usage } from '../src/core/usage.js';
import { MessageStore } from '../src/store/messages.js';

let trio: Trio;
let alice: TestPerson;
let bob: TestPerson;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
  [alice, bob] = [await trio.people.make('alice'), await trio.people.make('bob')];
});
afterAll(() => trio.stop());

async function room(name: string, hasHistory = true): Promise<number> {
  const { id } = await trio.create(alice, name);
  if (hasHistory) await trio.people.sql('UPDATE chat.channel SET retention_seconds = NULL WHERE id = $1', [id]);
  return id;
}

test.each([true, false])(
  'treats a client id in capitals as the same, even in one batch (history %s)',
  async (hasHistory) => {
    const [here, there] = [await room(`here ${hasHistory}`, hasHistory), await room(`there ${hasHistory}`)];
    const [a, b] = [await trio.join(alice, here), await trio.join(bob, there)];
    const clientId = randomUUID();
    a.send('first', { clientId: randomUUID() }); // The rest waits for it and forms one batch.
    for (const id of [clientId, clientId.toUpperCase()]) a.send('once', { clientId: id });
    b.send('elsewhere', { clientId: randomUUID() });
    await b.find(({ ack }) => ack?.seq === 1);
    for (const id of [clientId, clientId.toUpperCase()])
      expect((await a.find(({ ack }) => ack?.clientId === id)).ack?.seq).toBe(2);
    expect(a.texts).toEqual(['first', 'once']);
    await Promise.all([a.leave(), b.leave()]);
  },
);

test('a message that is in one batch twice gets both acks', async () => {
  const id = await room('twice');
  const a = await trio.join(alice, id);
  const [head] = await trio.people.sql('SELECT epoch, instance_id FROM chat.channel_head WHERE channel_id = $1', [id]);
  const pool = openTestPool(trio.database.urlFor('chat_server'));
  const none = { bytes: 0, rows: 0 };
  const usage = new Usage({ channel: none, user: none });
  const store = new MessageStore({ main: pool, aside: pool }, pool, String(head?.instance_id), usage);
  const digest = Buffer.alloc(32);
  const clientId = randomUUID();
  const entry = { channelId: id, epoch: Number(head?.epoch), senderId: alice.id, kind: 0, targetSeq: 0 };
  const batch = [randomUUID(), clientId, clientId, randomUUID()].map((one) => ({
    ...entry,
    ...{
      clientId: one,
      contentType: '',
      data: Buffer.from('x'),
      digest,
      mentions: [],
      fileIds: [],
      revision: 0,
      isHost: false,
      denial: undefined,
    },
  }));
  const outcomes = await store.append(batch, { isRetry: false, track: 'main' });
  expect(outcomes.map(({ is }) => is).sort()).toEqual(['duplicate', 'stored', 'stored', 'stored']);
  await Promise.all([a.leave(), pool.end()]);
});

test('without history, shows a message once, no matter how much others send meanwhile', async () => {
  const id = await room('passing', false);
  const crowd = await trio.people.makeMany('crowd', 12);
  const [a, ...others] = await Promise.all([alice, ...crowd].map((person) => trio.join(person, id)));
  const said = randomUUID();
  a?.send('once', { clientId: said });
  await a?.find(({ ack }) => ack?.clientId === said);
  const last = others.map((stream) => {
    for (let n = 0; n < 98; n++) stream.send('noise', { clientId: randomUUID() });
    const clientId = randomUUID();
    stream.send('noise', { clientId });
    return stream.find(({ ack }) => ack?.clientId === clientId);
  });
  await Promise.all(last);
  const before = a?.messages.length;
  a?.send('once', { clientId: said });
  await a?.find((message) => message.ack?.clientId === said && (a?.messages.indexOf(message) ?? 0) >= (before ?? 0));
  expect(others[0]?.texts.filter((text) => text === 'once')).toHaveLength(1);
  await Promise.all([a, ...others].map((stream) => stream?.leave()));
});

test.each([true, false])('a retry gets its first ack while its sender is too fast (history %s)', async (hasHistory) => {
  const hasty = await trio.people.make(`hasty-${hasHistory}`);
  const a = await trio.join(hasty, await room(`fast ${hasHistory}`, hasHistory));
  const clientId = randomUUID();
  a.send('once', { clientId });
  await a.find(({ ack }) => ack?.clientId === clientId);
  let retries = 0;
  await until(async () => {
    const flood = Array.from({ length: 300 }, () => a.ask('flood'));
    a.send('once', { clientId });
    retries += 1;
    return (await Promise.all(flood)).some(({ refusal }) => refusal?.reason === 'send-too-fast');
  });
  const answered = () => a.messages.filter(({ ack }) => ack?.clientId === clientId);
  await until(() => answered().length === 1 + retries);
  expect(answered().map(({ ack }) => ack?.seq)).toEqual(Array(1 + retries).fill(1));
  await a.leave();
});
