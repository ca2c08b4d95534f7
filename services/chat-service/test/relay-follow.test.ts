import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { Presence, RelayUp, Resume, Retention } from '@parley/contract';
import { RelayClient, type TestPerson, until, utf8 } from '@parley/testkit';
import { post, RelayRig } from './relay-rig.js';

let rig: RelayRig;
let ann: TestPerson;
let bob: TestPerson;

beforeAll(async () => {
  rig = await RelayRig.start({ chatServers: 2 });
});
afterAll(() => rig.stop());
beforeEach(async () => {
  [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
});

const serverOf = (n: number) => rig.trio.chatServers[n] as (typeof rig.trio.chatServers)[number];

/** Creates a chat that the first chat server owns. */
async function ownedChat(fields = {}): Promise<number> {
  const id = await rig.chat([ann, bob], fields);
  await rig.trio.place(id, serverOf(0));
  return id;
}

describe('the token of a relay', () => {
  const refusal = { code: status.PERMISSION_DENIED, reason: 'not-a-service' };

  test('a relay needs the token of a gateway for this chat server', async () => {
    const { addr, instanceId } = await rig.trio.identityOf(serverOf(0));
    const other = await rig.trio.identityOf(serverOf(1));
    const tokens = [
      ann.token,
      'abc.def.ghi',
      await rig.gateway.token(),
      await rig.gateway.token(other.instanceId),
      (await rig.trio.listen(ann, (await rig.trio.create(ann, 'room')).id)).token,
    ];
    for (const token of tokens) expect(await new RelayClient(addr, token).ended).toMatchObject(refusal);
    const good = await rig.gateway.relay({ addr, instanceId });
    await good.find(({ ping }) => ping !== undefined);
    good.cancel();
  });

  test('a relay needs a token that has not expired', async () => {
    const { addr, instanceId } = await rig.trio.identityOf(serverOf(0));
    const expired = await rig.gateway.tokenThatExpires(-10_000, instanceId);
    expect(await new RelayClient(addr, expired).ended).toMatchObject(refusal);
    const good = new RelayClient(addr, await rig.gateway.tokenThatExpires(50_000, instanceId));
    await good.find(({ ping }) => ping !== undefined);
    good.cancel();
  });

  test('a relay without a token is refused before anything is decoded', async () => {
    const { addr } = await rig.trio.identityOf(serverOf(0));
    const stranger = new RelayClient(addr, 'no.such.token', { name: '' });
    stranger.sendRaw(Buffer.from([0xff, 0xff, 0xff]));
    expect(await stranger.ended).toMatchObject(refusal);
  });

  test.each([
    ['a request before the hello', { follow: { log: '', afterSeq: 0 } }, ''],
    ['a name with spaces', { hello: { name: 'a b' } }, ''],
    ['a name that is too long', { hello: { name: 'x'.repeat(65) } }, ''],
    ['a second hello', { hello: { name: 'again' } }, 'once'],
  ])('ends a relay with %s', async (_what, up, name) => {
    const relay = await rig.relay(serverOf(0), { name });
    relay.send(up);
    expect(await relay.ended).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'invalid-relay' });
  });

  test('bytes that are not a request end the relay as malformed', async () => {
    const relay = await rig.relay(serverOf(0));
    relay.sendRaw(Buffer.from([0x0a, 0x05, 0x01]));
    expect(await relay.ended).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'malformed' });
  });

  test('a frame with everything that a user may send fits, and a larger one ends the relay', async () => {
    const relay = await rig.relay(serverOf(0));
    const id = await ownedChat();
    const handle = await relay.attach(ann.token);
    const ack = await post(relay, id, handle, { data: Buffer.alloc(65_536, 1), contentType: 'a/'.padEnd(127, 'b') });
    expect(ack).toMatchObject({ seq: 2 });
    relay.sendRaw(Buffer.from(RelayUp.encode(RelayUp.fromPartial({ attach: { token: 'x'.repeat(80_000) } })).finish()));
    expect(await relay.ended).toMatchObject({ reason: 'message-too-large' });
  });
});

describe('a follow', () => {
  test('shows entries and events of a channel with the id of the follow', async () => {
    const id = await ownedChat();
    const relay = await rig.relay(serverOf(0));
    const follow = relay.send({ channelId: id, follow: { log: '', afterSeq: 0 } });
    const { following } = await relay.find((down) => down.following !== undefined);
    expect(following).toMatchObject({ resume: Resume.UNSPECIFIED, firstSeq: 2, lastSeq: 1 });
    expect(following?.presence).toEqual(Presence.fromPartial({ here: 0 }));
    const stream = await rig.trio.join(bob, id);
    stream.send('hello', { clientId: randomUUID() });
    stream.send('', { typing: {} } as object);
    const entry = await relay.find(({ frame }) => utf8(frame?.data) === 'hello');
    expect(entry).toMatchObject({ id: follow, channelId: id, frame: { seq: 2, sender: bob.id } });
    await relay.find(({ frame }) => frame?.presence?.came[0]?.id === bob.id);
    await relay.find(({ frame }) => frame?.typing?.userId === bob.id);
    await stream.leave();
    await relay.find(({ frame }) => frame?.presence?.went[0]?.id === bob.id);
    relay.cancel();
  });

  test('names the users who are present', async () => {
    const id = await ownedChat();
    const stream = await rig.trio.join(bob, id);
    const relay = await rig.relay(serverOf(0));
    const { following } = await relay.ask({ channelId: id, follow: { log: '', afterSeq: 0 } });
    expect(following?.presence).toMatchObject({ came: [{ id: bob.id }], here: 1 });
    await stream.leave();
    relay.cancel();
  });

  test('continues after its position, whole, with a gap, or with a reset', async () => {
    const id = await ownedChat();
    const relay = await rig.relay(serverOf(0));
    const handle = await relay.attach(ann.token);
    for (const text of ['two', 'three', 'four']) await post(relay, id, handle, { data: Buffer.from(text) });
    const { following: end } = await relay.ask({ channelId: id, follow: { log: '', afterSeq: 0 } });
    const log = String(end?.log);
    const follow = async (position: { log: string; afterSeq: number }) =>
      (await relay.ask({ channelId: id, follow: position })).following;
    const from = relay.downs.length;
    expect(await follow({ log, afterSeq: 2 })).toMatchObject({ resume: Resume.WHOLE, firstSeq: 3, lastSeq: 4 });
    await relay.find(({ frame }) => frame?.seq === 4, from);
    expect(relay.entries(id).map(({ seq }) => seq)).toEqual([3, 4]);
    expect(await follow({ log: randomUUID(), afterSeq: 2 })).toMatchObject({ resume: Resume.RESET, firstSeq: 5 });
    expect(await follow({ log, afterSeq: 9 })).toMatchObject({ resume: Resume.RESET, firstSeq: 5 });
    expect(await follow({ log, afterSeq: 0 })).toMatchObject({ resume: Resume.GAP, firstSeq: 5, lastSeq: 4 });
    await post(relay, id, handle, { data: Buffer.from('five') });
    await relay.find(({ frame }) => frame?.seq === 5);
    expect(relay.entries(id).map(({ seq }) => seq)).toEqual([3, 4, 5]);
    relay.cancel();
  });

  test('without history, a position of another log continues with the first entry of this one', async () => {
    const id = await ownedChat({ retention: Retention.fromPartial({ nothing: true }) });
    const relay = await rig.relay(serverOf(0));
    const handle = await relay.attach(ann.token);
    for (const text of ['one', 'two']) await post(relay, id, handle, { data: Buffer.from(text) });
    const { following } = await relay.ask({ channelId: id, follow: { log: randomUUID(), afterSeq: 7 } });
    expect(following).toMatchObject({ resume: Resume.RESET, firstSeq: 1, lastSeq: 2 });
    await relay.find(({ frame }) => frame?.seq === 2);
    expect(relay.entries(id).map(({ seq }) => seq)).toEqual([1, 2]);
    relay.cancel();
  });

  test('resumes whole from a position that is in the table and not yet shown', async () => {
    const id = await ownedChat();
    const relay = await rig.relay(serverOf(0));
    const { following } = await relay.ask({ channelId: id, follow: { log: '', afterSeq: 0 } });
    const [carol] = (await rig.people(1)) as [TestPerson];
    relay.send({ channelId: id, unfollow: true });
    await rig.change(ann, id, carol, { add: true });
    const again = await relay.ask({ channelId: id, follow: { log: String(following?.log), afterSeq: 2 } });
    expect(again.following).toMatchObject({ resume: Resume.WHOLE });
    relay.cancel();
  });

  test('is closed for channels that this server does not own, and for rooms without a handle', async () => {
    const relay = await rig.relay(serverOf(0));
    const [deleted, elsewhere] = [await ownedChat(), await rig.chat([ann])];
    const room = (await rig.trio.create(ann, 'room')).id;
    await rig.sql('UPDATE chat.channel SET deleted_at = now() WHERE id = $1', [deleted]);
    await rig.trio.place(elsewhere, serverOf(1));
    await rig.trio.place(room, serverOf(0));
    for (const [channelId, reason] of [
      [deleted, 'channel-deleted'],
      [elsewhere, 'moved'],
      [2_000_000_000, 'channel-not-found'],
      [0, 'invalid-channel-id'],
      [room, 'handle-gone'],
    ] as const) {
      const { closed } = await relay.ask({ channelId, follow: { log: '', afterSeq: 0 } });
      expect(closed).toMatchObject({ handle: 0, goodbye: { reason } });
    }
    relay.cancel();
  });

  test('ends when the channel moves, is deleted or is given back, and then says why', async () => {
    const relay = await rig.relay(serverOf(0));
    const [moved, deleted] = [await ownedChat(), await ownedChat()];
    for (const channelId of [moved, deleted])
      expect((await relay.ask({ channelId, follow: { log: '', afterSeq: 0 } })).following).toBeDefined();
    await rig.trio.place(moved, serverOf(1));
    await rig.sql(
      `WITH c AS (UPDATE chat.channel SET deleted_at = now() WHERE id = $1)
       UPDATE chat.channel_head SET instance_id = NULL, epoch = epoch + 1 WHERE channel_id = $1`,
      [deleted],
    );
    const closedOf = (channelId: number) =>
      relay.find((down) => down.channelId === channelId && down.closed !== undefined);
    expect((await closedOf(moved)).closed?.goodbye).toMatchObject({ reason: 'moved', listenAgain: true });
    expect((await closedOf(deleted)).closed?.goodbye).toMatchObject({ reason: 'channel-deleted', listenAgain: false });
    relay.cancel();
  });

  test('ends after unfollow, and a second follow replaces the first', async () => {
    const id = await ownedChat();
    const relay = await rig.relay(serverOf(0));
    const handle = await relay.attach(ann.token);
    const first = relay.send({ channelId: id, follow: { log: '', afterSeq: 0 } });
    const second = relay.send({ channelId: id, follow: { log: '', afterSeq: 0 } });
    await relay.find(({ id: of, following }) => of === second && following !== undefined);
    await post(relay, id, handle);
    await relay.find(({ frame }) => frame?.seq === 2);
    relay.send({ channelId: id, unfollow: true });
    await post(relay, id, handle);
    await post(relay, id, handle);
    const frames = relay.downs.filter(({ frame }) => frame !== undefined && frame.seq > 0);
    expect(frames.map(({ id: of, frame }) => [of, frame?.seq])).toEqual([[second, 2]]);
    expect(first).toBeLessThan(second);
    relay.cancel();
  });
});

describe('owned', () => {
  test('lists 2,500 channels in pages, and announces changes with their epochs', async () => {
    const server = await rig.trio.addChatServer();
    const owned = await rig.sql(
      `WITH c AS (INSERT INTO chat.channel (name, kind, owner_id, user_limit)
         SELECT 'many', 'group', $1, 100 FROM generate_series(1, 2500) RETURNING id)
       SELECT id FROM c ORDER BY id`,
      [ann.id],
    );
    const ids = owned.map(({ id }) => Number(id));
    const relay = await rig.relay(server);
    const followed = () => relay.downs.filter(({ following }) => following !== undefined).length;
    for (let n = 0; n < ids.length; n += 250) {
      const some = ids.slice(n, n + 250); // A reservation ends after 10 s, and a follow makes it unnecessary.
      await rig.sql(
        `UPDATE chat.channel_head SET epoch = 7, reserved_until = now() + interval '10 s', instance_id = (SELECT instance_id FROM chat.server WHERE addr = $2)
         WHERE channel_id = ANY ($1)`,
        [some, server.grpc],
      );
      for (const channelId of some) relay.send({ channelId, follow: { log: '', afterSeq: 0 } });
      await until(() => followed() === n + some.length);
    }
    const pages: number[][] = [];
    for (let afterChannelId = 0, more = true; more; ) {
      const { owned: page } = await relay.ask({ owned: { afterChannelId } });
      pages.push(page?.channels.map(({ channelId }) => channelId) ?? []);
      expect(page?.channels.every(({ epoch }) => epoch === 7)).toBe(true);
      afterChannelId = page?.next ?? 0;
      more = afterChannelId !== 0;
    }
    expect(pages.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
    expect(pages.flat()).toEqual(ids);
    const added = await rig.chat([bob]);
    await rig.trio.place(added, server);
    await relay.ask({ channelId: added, follow: { log: '', afterSeq: 0 } });
    const announced = await relay.find(({ owned: news }) => news?.channels[0]?.channelId === added);
    expect(announced).toMatchObject({ id: 0, owned: { channels: [{ epoch: 1 }] } });
    await rig.trio.place(added, serverOf(1));
    await relay.find(({ owned: news }) => news?.dropped[0]?.channelId === added);
    relay.cancel();
    await server.stop();
  });
});
