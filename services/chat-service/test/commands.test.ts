import { randomUUID } from 'node:crypto';
import { Client, credentials, status } from '@grpc/grpc-js';
import { Channel, ChannelKind, ChannelService, ChatService, DisconnectRequest } from '@parley/contract';
import { DatabaseClock, type Pool } from '@parley/database';
import { type ServiceClaims, SigningKey, serviceToken } from '@parley/service-kit';
import { callPatiently, openTestPool, type TestPerson, Trio } from '@parley/testkit';

let trio: Trio;
let alice: TestPerson;
let pool: Pool;
let key: SigningKey<ServiceClaims>;
let client: Client;
let instanceId: string;
const me = randomUUID();

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
  alice = await trio.people.make('alice');
  pool = openTestPool(trio.database.urlFor('chat_manager'), 2);
  key = new SigningKey(serviceToken('manager'), me, pool, await DatabaseClock.start(pool));
  client = new Client(trio.chatServers[0]?.grpc ?? '', credentials.createInsecure());
  instanceId = String((await trio.people.sql('SELECT instance_id FROM chat.server'))[0]?.instance_id);
});
afterAll(async () => {
  client.close();
  await pool.end();
  await trio.stop();
});

const withinMs = 30_000;

async function tell(method: 'add' | 'remove', id: number, token?: string) {
  const signed = token ?? (await key.sign({ sub: me }, instanceId));
  return callPatiently(client, ChatService[method], Channel.fromPartial({ id }), { token: signed, withinMs });
}

describe('Add and Remove', () => {
  test('Add and Remove require a manager token for this server', async () => {
    const elsewhere = await key.sign({ sub: me }, randomUUID());
    const stranger = await key.sign({ sub: randomUUID() }, instanceId);
    for (const method of ['add', 'remove'] as const) {
      await expect(tell(method, 1, alice.token)).rejects.toMatchObject({ reason: 'not-a-service' });
      await expect(tell(method, 1, elsewhere)).rejects.toMatchObject({ reason: 'not-a-service' });
      await expect(tell(method, 1, stranger)).rejects.toMatchObject({ reason: 'not-a-service' });
    }
  });

  test('Add rejects a channel of another server, and accepts an owned one repeatedly', async () => {
    const { id } = await trio.create(alice, 'mine');
    await expect(tell('add', id)).rejects.toMatchObject({ reason: 'not-mine' });
    await trio.listen(alice, id);
    await tell('add', id);
    await tell('add', id);
    await expect(tell('add', 0)).rejects.toMatchObject({ reason: 'invalid-channel-id' });
    await expect(tell('add', 4_000_000_000)).rejects.toMatchObject({ reason: 'invalid-channel-id' });
  });

  test('Remove rejects an occupied channel, and accepts an unknown one', async () => {
    const { id } = await trio.create(alice, 'occupied');
    const stream = await trio.join(alice, id);
    await expect(tell('remove', id)).rejects.toMatchObject({ reason: 'channel-occupied' });
    await stream.leave();
    await tell('remove', id);
    await tell('remove', 2_000_000);
  });
});

describe('Disconnect', () => {
  test('Disconnect ends the streams of a user with the given goodbye', async () => {
    const { id } = await trio.create(alice, 'busy');
    const stream = await trio.join(alice, id);
    const request = DisconnectRequest.fromPartial({ userId: 'alice', goodbye: { reason: 'kicked' } });
    await callPatiently(client, ChatService.disconnect, request, {
      token: await key.sign({ sub: me }, instanceId),
      withinMs,
    });
    expect(await stream.ended).toMatchObject({ code: status.PERMISSION_DENIED, reason: 'kicked' });
    expect(stream.messages.at(-1)?.goodbye?.reason).toBe('kicked');
  });

  test('Disconnect of a removed user tells a user who is a member again to call Listen again', async () => {
    const kind = ChannelKind.GROUP;
    const group = Channel.fromPartial({ name: 'group', kind });
    const { id } = await callPatiently(trio.manager(), ChannelService.create, group, { token: alice.token, withinMs });
    const stream = await trio.join(alice, id);
    const request = DisconnectRequest.fromPartial({
      channelId: id,
      userId: alice.id,
      goodbye: { reason: 'removed' },
    });
    await callPatiently(client, ChatService.disconnect, request, {
      token: await key.sign({ sub: me }, instanceId),
      withinMs,
    });
    await stream.ended;
    expect(stream.messages.at(-1)?.goodbye).toMatchObject({ reason: 'moved', listenAgain: true });
  });
});
