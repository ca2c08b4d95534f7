import { randomUUID } from 'node:crypto';
import { Client, credentials } from '@grpc/grpc-js';
import { ChatService, DrainRequest, Resume, Retention } from '@parley/contract';
import { DatabaseClock, type Pool, type PoolClient } from '@parley/database';
import { type ServiceClaims, SigningKey, serviceToken } from '@parley/service-kit';
import {
  callPatiently,
  openTestPool,
  type RelayClient,
  type ServiceProcess,
  type TestPerson,
  until,
  utf8,
} from '@parley/testkit';
import { post, RelayRig } from './relay-rig.js';

let rig: RelayRig;
let owner: Pool;
let manager: Pool;
let key: SigningKey<ServiceClaims>;
let ann: TestPerson;
let bob: TestPerson;
const me = randomUUID();

beforeAll(async () => {
  rig = await RelayRig.start({ chatServers: 2 });
  owner = openTestPool(rig.trio.database.ownerUrl, 2);
  manager = openTestPool(rig.trio.database.urlFor('chat_manager'));
  key = new SigningKey(serviceToken('manager'), me, manager, await DatabaseClock.start(manager));
});
afterAll(async () => {
  await Promise.all([owner.end(), manager.end()]);
  await rig.stop();
});
beforeEach(async () => {
  [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
});

const serverAt = (addr: string) => rig.trio.chatServers.find(({ grpc }) => grpc === addr) as ServiceProcess;

/** Creates a chat, and returns the server on which it is placed. */
async function placedChat(fields = {}) {
  const id = await rig.chat([ann, bob], fields);
  const located = await rig.locate(id);
  return { id, located, server: serverAt(located.internalAddr) };
}

async function follow(relay: RelayClient, channelId: number, position = { log: '', afterSeq: 0 }) {
  const { following } = await relay.ask({ channelId, follow: position });
  if (following === undefined) throw new Error('not followed');
  return following;
}

/**
 * Reserves a chat, or with a negative interval ends its reservation, and gives it back for its
 * owning server. The server itself can give it back only afterwards. Returns the ids of the chats
 * that were given back.
 */
async function givenBack(id: number, reservedFor: string) {
  const client = await owner.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM chat.channel WHERE id = $1 FOR NO KEY UPDATE', [id]);
    const reserved = 'UPDATE chat.channel_head SET reserved_until = now() + $2::interval WHERE channel_id = $1';
    await client.query(reserved, [id, reservedFor]);
    const { rows } = await client.query(
      `SELECT chat.give_back_empty(instance_id, ARRAY[channel_id], ARRAY[epoch]) AS id
       FROM chat.channel_head WHERE channel_id = $1`,
      [id],
    );
    await client.query('COMMIT');
    return rows;
  } finally {
    client.release(true);
  }
}

describe('Locate', () => {
  test('needs the token of a gateway for managers', async () => {
    const { id, located } = await placedChat();
    const join = (await rig.trio.listen(ann, (await rig.trio.create(ann, 'room')).id)).token;
    for (const token of [ann.token, join, 'no', await rig.gateway.token(located.id)])
      await expect(rig.locate(id, token)).rejects.toMatchObject({ reason: 'not-a-service' });
  });

  test('places a chat once, and returns its owning server without reserving a seat', async () => {
    const { id, located } = await placedChat();
    const identity = await rig.trio.identityOf(serverAt(located.internalAddr));
    expect(located).toMatchObject({ id: identity.instanceId, channels: [{ id, epoch: 1 }] });
    expect(await rig.locate(id)).toEqual(located);
    expect(await rig.sql('SELECT FROM chat.seat WHERE channel_id = $1', [id])).toEqual([]);
  });

  test('refuses rooms, and channels that do not exist', async () => {
    const room = await rig.trio.create(ann, 'room');
    const { id } = await placedChat();
    await rig.sql('UPDATE chat.channel SET deleted_at = now() WHERE id = $1', [id]);
    await expect(rig.locate(room.id)).rejects.toMatchObject({ reason: 'wrong-kind' });
    await expect(rig.locate(id)).rejects.toMatchObject({ reason: 'channel-not-found' });
    await expect(rig.locate(2_000_000_000)).rejects.toMatchObject({ reason: 'channel-not-found' });
    await expect(rig.locate(0)).rejects.toMatchObject({ reason: 'invalid-channel-id' });
  });

  test('reserves the chat for its owning server, which cannot give it back meanwhile', async () => {
    const [before] = await rig.sql('SELECT now()::text AS at');
    const { id } = await placedChat();
    const [head] = await rig.sql(
      `SELECT reserved_until BETWEEN $2::timestamptz + interval '10 s' AND now() + interval '10 s' AS reserved
       FROM chat.channel_head WHERE channel_id = $1`,
      [id, before?.at],
    );
    expect(head).toEqual({ reserved: true });
    expect(await givenBack(id, '10 s')).toEqual([]);
    expect(await givenBack(id, '-1 s')).toEqual([{ id }]);
    await rig.locate(id);
    expect(await givenBack(id, '1 h')).toEqual([{ id }]); // As if the clock had been set back.
  });

  test('limits how often one gateway asks', async () => {
    const { id } = await placedChat();
    const rate = [`locate:${rig.gateway.instanceId}`];
    const isTooOften = async () => {
      await rig.sql(`UPDATE chat.rate SET tat = now() + interval '11 s' WHERE key = $1`, rate); // for one second
      return rig.locate(id).then(
        () => false,
        ({ reason }) => reason === 'read-too-often',
      );
    };
    await until(isTooOften);
    await rig.sql('DELETE FROM chat.rate WHERE key = $1', rate);
    await rig.locate(id);
  });
});

describe('shown_until', () => {
  /** Waits for more pings, and returns all that arrived after `from`. */
  async function pings(relay: RelayClient, count: number, from = 0) {
    const after = () => relay.downs.slice(from).flatMap(({ ping }) => (ping === undefined ? [] : [ping.shownUntil]));
    await until(() => after().length >= count);
    return after();
  }

  test('advances while no message is sent', async () => {
    const { id, server } = await placedChat();
    const relay = await rig.relay(server);
    await follow(relay, id);
    const [first = 0] = await pings(relay, 1);
    await until(() => relay.downs.some(({ ping }) => (ping?.shownUntil ?? 0) > first + 2_000));
    relay.cancel();
  });

  /** Keeps the log unreadable while `during` runs. */
  async function withoutLog<T>(during: (holder: PoolClient) => Promise<T>): Promise<T> {
    const holder = await owner.connect();
    try {
      await holder.query('BEGIN');
      await holder.query(`LOCK TABLE chat.message IN ACCESS EXCLUSIVE MODE`);
      const result = await during(holder);
      await holder.query('COMMIT');
      return result;
    } finally {
      holder.release(true);
    }
  }

  test('stays before an entry that is committed and not shown yet', async () => {
    const { id, server } = await placedChat();
    const relay = await rig.relay(server);
    await follow(relay, id);
    const at = await withoutLog(async (holder) => {
      const [head] = await rig.sql(
        `UPDATE chat.channel_head SET last_seq = last_seq + 1, last_at = clock_timestamp() WHERE channel_id = $1
         RETURNING (extract(epoch FROM last_at) * 1000)::float8 AS at`,
        [id],
      );
      const shown = await pings(relay, 4, relay.downs.length);
      expect(Math.max(...shown)).toBeLessThanOrEqual(Number(head?.at));
      await holder.query(
        `INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, content_type, data, digest, mentions)
         SELECT $1, last_seq, 0, $2, gen_random_uuid(), last_at, '', 'late', sha256(''), '{}' FROM chat.channel_head WHERE channel_id = $1`,
        [id, ann.id],
      );
      return Number(head?.at);
    });
    const isLater = ({ ping }: { ping?: { shownUntil: number } | undefined }) => (ping?.shownUntil ?? 0) > at;
    await until(() => relay.downs.some(isLater));
    const frameAt = relay.downs.findIndex(({ frame }) => utf8(frame?.data) === 'late');
    expect(frameAt).toBeGreaterThan(0);
    expect(relay.downs.findIndex(isLater)).toBeGreaterThan(frameAt);
    relay.cancel();
  });

  test('stays before an entry whose batch is in flight', async () => {
    const { id, server } = await placedChat();
    const relay = await rig.relay(server);
    await follow(relay, id);
    const handle = await relay.attach(bob.token);
    await post(relay, id, handle);
    await rig.sql(`CREATE FUNCTION chat.slowly() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_sleep(3.5); RETURN NEW; END $$`);
    await rig.sql(`CREATE TRIGGER slowly BEFORE INSERT ON chat.message FOR EACH ROW
      WHEN (NEW.data = 'slow'::bytea) EXECUTE FUNCTION chat.slowly()`);
    /**
     * Posts slow messages until pings arrive during one. Returns the times in the pings and the
     * time of that message.
     */
    const postSlowly = async (): Promise<{ timestamp: number; shown: readonly number[] }> => {
      const from = relay.downs.length;
      const { seq, timestamp } = await post(relay, id, handle, { data: Buffer.from('slow') });
      await relay.find(({ frame }) => frame?.seq === seq);
      const frameAt = relay.downs.findIndex(({ frame }) => frame?.seq === seq);
      const shown = relay.downs.slice(from, frameAt).flatMap(({ ping }) => ping?.shownUntil ?? []);
      return shown.length > 1 ? { timestamp, shown } : postSlowly();
    };
    const { timestamp, shown } = await postSlowly();
    expect(Math.max(...shown)).toBeLessThanOrEqual(timestamp);
    await rig.sql('DROP TRIGGER slowly ON chat.message');
    relay.cancel();
  });
});

test('a follow that falls behind ends alone, and the relay continues', async () => {
  const { id, server } = await placedChat();
  const quiet = await rig.chat([ann]);
  await rig.trio.place(quiet, server);
  const relay = await rig.relay(server);
  const { log } = await follow(relay, id);
  await follow(relay, quiet);
  relay.pause();
  const alive = setInterval(() => relay.send({ pong: { sentAt: 1 } }), 500);
  const senders = await Promise.all([ann, bob].map((person) => rig.trio.join(person, id)));
  for (let said = 0; said < 40; said++)
    for (const stream of senders) {
      const clientId = randomUUID();
      stream.send('', { clientId, data: Buffer.alloc(65_536, 1) });
      await stream.find(({ ack }) => ack?.clientId === clientId);
    }
  relay.resume();
  const { closed } = await relay.find((down) => down.channelId === id && down.closed !== undefined);
  expect(closed).toMatchObject({ handle: 0, goodbye: { reason: 'behind', listenAgain: true } });
  const seen = relay.entries(id).at(-1)?.seq ?? 1;
  expect(await follow(relay, id, { log, afterSeq: seen })).toMatchObject({ resume: Resume.GAP });
  const handle = await relay.attach(ann.token);
  await post(relay, quiet, handle);
  await relay.find((down) => down.channelId === quiet && down.frame !== undefined);
  clearInterval(alive);
  relay.cancel();
  await Promise.all(senders.map((stream) => stream.leave()));
});

test('a relay that reads nothing is reset', async () => {
  const { id, server } = await placedChat();
  const name = randomUUID();
  const relay = await rig.relay(server, { name });
  await follow(relay, id);
  relay.pause();
  const closed = ({ output }: ServiceProcess) =>
    output.split('\n').some((line) => line.includes(name) && line.includes('relay closed'));
  await until(() => closed(server));
  relay.resume();
  expect((await relay.ended).code).not.toBe(0);
});

describe('an owning server that is lost', () => {
  async function drain(server: ServiceProcess): Promise<void> {
    const { addr, instanceId } = await rig.trio.identityOf(server);
    const client = new Client(addr, credentials.createInsecure());
    const token = await key.sign({ sub: me }, instanceId);
    await callPatiently(client, ChatService.drain, DrainRequest.create(), { token, withinMs: 30_000 });
    client.close();
  }

  test('a drain closes follows and presence, and the next owning server has every entry', async () => {
    const { id, server } = await placedChat();
    const relay = await rig.relay(server);
    const { log } = await follow(relay, id);
    const handle = await relay.attach(bob.token);
    relay.send({ channelId: id, enter: handle });
    const { seq } = await post(relay, id, handle);
    await rig.trio.addChatServer();
    await drain(server);
    const closedOf = (number: number) =>
      relay.find(({ channelId, closed }) => channelId === id && closed?.handle === number);
    expect((await closedOf(0)).closed?.goodbye).toMatchObject({ reason: 'draining', listenAgain: true });
    expect((await closedOf(handle)).closed?.goodbye).toMatchObject({ reason: 'draining', listenAgain: true });
    expect((await post(relay, id, handle)).refusal?.reason).toBe('moved');
    const located = await rig.locate(id);
    expect(located).toMatchObject({ channels: [{ epoch: 2 }] });
    const next = await rig.relay(serverAt(located.internalAddr));
    expect(await follow(next, id, { log, afterSeq: seq })).toMatchObject({ resume: Resume.WHOLE, log, lastSeq: seq });
    const there = await next.attach(bob.token);
    expect(await post(next, id, there)).toMatchObject({ seq: seq + 1 });
    await next.find(({ frame }) => frame?.seq === seq + 1);
    server.kill('SIGTERM');
    expect(await relay.ended).toMatchObject({ reason: 'draining' });
    await server.exited;
    next.cancel();
  });

  test('after kill -9, another server owns the chat, and a retried post is stored once', async () => {
    const { id, server } = await placedChat();
    const name = randomUUID();
    const relay = await rig.relay(server, { name });
    const { log } = await follow(relay, id);
    const handle = await relay.attach(bob.token);
    const clientId = randomUUID();
    const { seq } = await post(relay, id, handle, { clientId });
    server.kill('SIGKILL');
    expect((await relay.ended).code).not.toBe(0);
    let located = await rig.locate(id).catch(() => undefined);
    await until(async () => {
      located = await rig.locate(id).catch(() => undefined);
      return located?.channels[0]?.epoch === 2;
    });
    const next = await rig.relay(serverAt(String(located?.internalAddr)), { name });
    expect(await follow(next, id, { log, afterSeq: seq })).toMatchObject({ resume: Resume.WHOLE, epoch: 2 });
    expect((await next.ask({ attach: { token: '', handle } })).refusal?.reason).toBe('handle-gone');
    const there = await next.attach(bob.token);
    expect(await post(next, id, there, { clientId })).toMatchObject({ seq, refusal: undefined });
    expect(await post(next, id, there)).toMatchObject({ seq: seq + 1 });
    next.cancel();
  });

  test('in a channel without history, the next owning server has another log', async () => {
    const { id, server } = await placedChat({ retention: Retention.fromPartial({ nothing: true }) });
    const relay = await rig.relay(server);
    const { log } = await follow(relay, id);
    const next = await rig.trio.addChatServer();
    await rig.trio.place(id, next);
    const elsewhere = await rig.relay(next);
    expect(await follow(elsewhere, id, { log, afterSeq: 0 })).toMatchObject({ resume: Resume.RESET, firstSeq: 1 });
    for (const one of [relay, elsewhere]) one.cancel();
  });
});
