import { randomUUID } from 'node:crypto';
import { Client, credentials } from '@grpc/grpc-js';
import { ChatService, DrainRequest } from '@parley/contract';
import { DatabaseClock, type Pool } from '@parley/database';
import { type ServiceClaims, SigningKey, serviceToken } from '@parley/service-kit';
import { Chatter, callPatiently, healthOf, openTestPool, type ServiceProcess, Trio, until } from '@parley/testkit';

let trio: Trio;
let pool: Pool;
/** Pool that may hold locks for longer than a service may. */
let owner: Pool;
let key: SigningKey<ServiceClaims>;
let names = 0;
const me = randomUUID();

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 0, env: { PARLEY_STOP_SECONDS: '4' } });
  pool = openTestPool(trio.database.urlFor('chat_manager'), 2);
  owner = openTestPool(trio.database.ownerUrl, 2);
  key = new SigningKey(serviceToken('manager'), me, pool, await DatabaseClock.start(pool));
});
afterAll(async () => {
  await Promise.all([pool.end(), owner.end()]);
  await trio.stop();
});
afterEach(async () => {
  await Promise.all(trio.chatServers.splice(0).map((one) => one.stop()));
});

const stateOf = async ({ grpc }: ServiceProcess) =>
  (await trio.people.sql('SELECT state FROM chat.server WHERE addr = $1', [grpc]))[0]?.state;

const somebody = () => trio.people.make(`p-${++names}`);

async function drain({ grpc }: ServiceProcess, deadlineMs = 0, token?: string): Promise<void> {
  const client = new Client(grpc, credentials.createInsecure());
  const [server] = await trio.people.sql('SELECT instance_id FROM chat.server WHERE addr = $1', [grpc]);
  const signed = token ?? (await key.sign({ sub: me }, String(server?.instance_id)));
  const request = DrainRequest.fromPartial({ deadlineMs });
  await callPatiently(client, ChatService.drain, request, { token: signed, withinMs: 30_000 }).finally(() =>
    client.close(),
  );
}

/** Holds the head of a channel, so that it cannot be given back yet. */
async function holdHead(id: number): Promise<() => Promise<void>> {
  const client = await owner.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM chat.channel_head WHERE channel_id = $1 FOR UPDATE', [id]);
  return async () => {
    await client.query('ROLLBACK');
    client.release();
  };
}

describe('Drain', () => {
  test('Drain accepts only managers, and a deadline of at most ten minutes', async () => {
    const server = await trio.addChatServer();
    const { token } = await somebody();
    await expect(drain(server, 0, token)).rejects.toMatchObject({ reason: 'not-a-service' });
    await expect(drain(server, 600_001)).rejects.toMatchObject({ reason: 'invalid-deadline' });
    expect(await stateOf(server)).toBe('serving');
  });

  test('Drain moves all users to another server without losing a message, and leaves an empty draining server', async () => {
    const first = await trio.addChatServer();
    const [alice, bob] = [await somebody(), await somebody()];
    const { id } = await trio.create(alice, 'kept');
    await trio.people.sql('UPDATE chat.channel SET retention_seconds = NULL WHERE id = $1', [id]);
    const streams = [await trio.join(alice, id), await trio.join(bob, id)] as const;
    const second = await trio.addChatServer();
    const ids = Array.from({ length: 50 }, () => randomUUID());
    for (const clientId of ids) streams[0].send('said', { clientId });
    await drain(first);
    for (const { ended, messages } of streams) {
      expect(await ended).toMatchObject({ reason: 'draining' });
      const last = messages.findLast(({ seq }) => seq > 0)?.seq;
      expect(messages.at(-1)?.goodbye).toMatchObject({ listenAgain: true, seq: last });
    }
    const acked = streams[0].messages.flatMap(({ ack }) => (ack === undefined || ack.refusal ? [] : [ack.clientId]));
    const rows = await trio.people.sql('SELECT client_id FROM chat.message WHERE channel_id = $1', [id]);
    expect(rows.map(({ client_id }) => client_id)).toEqual(expect.arrayContaining(acked));

    const again = await trio.listen(bob, id);
    expect(again.server?.addr).toBe(second.grpc);
    const { goodbye } = streams[1].messages.at(-1) ?? {};
    const back = new Chatter(again, { events: true, resume: `${goodbye?.log}:${goodbye?.seq}` });
    expect((await back.find(({ welcome }) => welcome !== undefined)).welcome?.resume).toBe(1);
    await back.leave();

    await until(async () => (await stateOf(first)) === 'draining');
    expect(
      await trio.people.sql('SELECT FROM chat.channel_head h JOIN chat.server USING (instance_id) WHERE addr = $1', [
        first.grpc,
      ]),
    ).toEqual([]);
    await until(async () => (await healthOf(first)) === 2);
    await until(async () => (await healthOf(second)) === 1);
    const other = await somebody();
    expect((await trio.listen(other, (await trio.create(other, 'new')).id)).server?.addr).toBe(second.grpc);
    first.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    expect(await stateOf(first)).toBe('stopped');
  });

  test('a channel that is being given back refuses messages and redirects new streams', async () => {
    const server = await trio.addChatServer();
    const [alice, bob] = [await somebody(), await somebody()];
    const { id } = await trio.create(alice, 'held');
    const stream = await trio.join(alice, id);
    const reserved = await trio.listen(bob, id);
    const letGo = await holdHead(id);
    await drain(server);
    await until(async () => {
      stream.send('late', { clientId: randomUUID() });
      return stream.messages.some(({ ack }) => ack?.refusal?.reason === 'moved');
    });
    const refusal = stream.messages.find(({ ack }) => ack?.refusal !== undefined)?.ack?.refusal;
    expect(refusal?.retryAfterMs).toBeGreaterThan(0);
    const late = new Chatter(reserved, { events: true });
    expect(await late.ended).toMatchObject({ reason: 'moved' });
    await letGo();
    expect(await stream.ended).toMatchObject({ reason: 'draining' });
  });
});

test('Drain gives channels back after the deadline if that was not possible earlier', async () => {
  const server = await trio.addChatServer();
  const alice = await somebody();
  const { id } = await trio.create(alice, 'late');
  const stream = await trio.join(alice, id);
  const letGo = await holdHead(id);
  await drain(server, 500);
  expect(await stream.ended).toMatchObject({ reason: 'draining' });
  await letGo();
  await until(async () => {
    const [head] = await trio.people.sql('SELECT instance_id FROM chat.channel_head WHERE channel_id = $1', [id]);
    return head?.instance_id === null;
  });
});

describe('SIGTERM', () => {
  test('SIGTERM ends a stuck drain at its deadline with a goodbye, and the process exits', async () => {
    const server = await trio.addChatServer();
    const alice = await somebody();
    const { id } = await trio.create(alice, 'stuck');
    const stream = await trio.join(alice, id);
    const letGo = await holdHead(id);
    server.kill('SIGTERM');
    expect(await stream.ended).toMatchObject({ reason: 'draining' });
    expect(stream.messages.at(-1)?.goodbye).toMatchObject({ listenAgain: true });
    await server.exited;
    await letGo();
  });

  test('a second SIGTERM forces the exit', async () => {
    const server = await trio.addChatServer({ PARLEY_STOP_SECONDS: '300' });
    const alice = await somebody();
    const { id } = await trio.create(alice, 'forced');
    const stream = await trio.join(alice, id);
    const letGo = await holdHead(id);
    server.kill('SIGTERM');
    await until(async () => (await stateOf(server)) === 'draining');
    server.kill('SIGTERM');
    expect(await server.exited).toBe(1);
    await stream.ended;
    await letGo();
  });
});
