import { randomUUID } from 'node:crypto';
import { ChannelKind, Kind, Message, Retention } from '@parley/contract';
import { type RelayClient, type TestPerson, until, utf8 } from '@parley/testkit';
import { post, RelayRig } from './relay-rig.js';

let rig: RelayRig;
let relay: RelayClient;
let ann: TestPerson;
let bob: TestPerson;

beforeAll(async () => {
  rig = await RelayRig.start();
});
afterAll(() => rig.stop());
beforeEach(async () => {
  [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
  relay = await rig.relay(server());
});
afterEach(() => relay.cancel());

function server() {
  return rig.trio.chatServers[0] as (typeof rig.trio.chatServers)[number];
}

/** Creates a chat that the chat server owns. */
async function chat(members: readonly TestPerson[] = [ann, bob], fields = {}): Promise<number> {
  const id = await rig.chat(members, fields);
  await rig.locate(id);
  return id;
}

async function follow(channelId: number, by = relay): Promise<void> {
  expect((await by.ask({ channelId, follow: { log: '', afterSeq: 0 } })).following).toBeDefined();
}

const reasonOf = async (channelId: number, handle: number, fields: object = {}) =>
  (await post(relay, channelId, handle, fields)).refusal?.reason;

/** Waits until a post is refused with a reason; undefined: until one is accepted. */
const untilReason = (reason: string | undefined, channelId: number, handle: number, fields: object = {}) =>
  until(async () => (await reasonOf(channelId, handle, fields)) === reason);

const closedOf = async (handle: number) =>
  (await relay.find(({ closed }) => closed?.handle === handle)).closed?.goodbye?.reason;

describe('attach', () => {
  test('accepts user tokens, and refuses forged tokens and those of ended sessions', async () => {
    const handle = await relay.attach(ann.token);
    expect(await relay.attach(bob.token)).not.toBe(handle);
    const [out, suspended] = (await rig.people(2)) as [TestPerson, TestPerson];
    await rig.sql('UPDATE chat.session SET revoked_at = now() WHERE user_id = $1', [out.id]);
    await rig.sql("UPDATE chat.users SET status = 'suspended' WHERE id = $1", [suspended.id]);
    for (const [token, reason] of [
      ['', 'invalid-token'],
      ['abc', 'invalid-token'],
      ['x'.repeat(5_000), 'invalid-token'],
      [await rig.gateway.token(), 'invalid-token'],
      [(await rig.trio.listen(ann, (await rig.trio.create(ann, 'room')).id)).token, 'invalid-token'],
      [out.token, 'logged-out'],
      [suspended.token, 'suspended'],
    ] as const) {
      const { refusal } = await relay.ask({ attach: { token, handle: 0 } });
      expect([token, refusal?.reason]).toEqual([token, reason]);
    }
  });

  test.each([
    ['logged-out', 'UPDATE chat.session SET revoked_at = now() WHERE user_id = $1'],
    ['logged-out', "UPDATE chat.session SET expires_at = now() - interval '1 s' WHERE user_id = $1"],
    ['logged-out', 'DELETE FROM chat.session WHERE user_id = $1'],
    ['suspended', "UPDATE chat.users SET status = 'suspended' WHERE id = $1"],
    ['suspended', "UPDATE chat.users SET status = 'deleted' WHERE id = $1"],
  ])('a handle ends with %s after %s', async (reason, change) => {
    const id = await chat();
    await follow(id);
    const [handle, other] = [await relay.attach(bob.token), await relay.attach(ann.token)];
    relay.send({ channelId: id, enter: handle });
    await relay.find(({ frame }) => frame?.presence?.came[0]?.id === bob.id);
    await rig.sql(change, [bob.id]);
    expect(await closedOf(handle)).toBe(reason);
    await relay.find(({ frame }) => frame?.presence?.went[0]?.id === bob.id);
    expect(await reasonOf(id, handle)).toBe('handle-gone');
    expect(await reasonOf(id, other)).toBeUndefined();
  });

  test('an operator ends the handles of a user', async () => {
    const operator = await rig.trio.people.make(`operator-${randomUUID().slice(0, 8)}`, 'admin');
    const handle = await relay.attach(bob.token);
    await rig.kick(operator, bob);
    expect(await closedOf(handle)).toBe('kicked');
  });

  test('a handle works only in its own relay, and only until detach', async () => {
    const id = await chat();
    const other = await rig.relay(server());
    const foreign = await other.attach(ann.token);
    expect(await reasonOf(id, foreign)).toBe('handle-gone');
    const own = await relay.attach(ann.token);
    expect(await reasonOf(id, own)).toBeUndefined();
    relay.send({ detach: own });
    expect(await reasonOf(id, own)).toBe('handle-gone');
    relay.send({ channelId: id, enter: own });
    expect(await closedOf(own)).toBe('handle-gone');
    other.cancel();
  });
});

describe('a post', () => {
  test('is stored and shown as a message of the user, and acknowledged', async () => {
    const id = await chat();
    const stream = await rig.trio.join(ann, id);
    await follow(id);
    const handle = await relay.attach(bob.token);
    const ack = await post(relay, id, handle, { data: Buffer.from('hi') });
    expect(ack).toMatchObject({ seq: 2, refusal: undefined });
    expect(await stream.find(({ data }) => utf8(data) === 'hi')).toMatchObject({ sender: bob.id, userId: bob.number });
    await relay.find(({ frame }) => utf8(frame?.data) === 'hi');
    expect(relay.entries(id)).toHaveLength(1);
    await stream.leave();
  });

  test('needs a membership, and a stranger does not learn of a hidden chat', async () => {
    const [hidden, open] = [await chat([ann]), await chat([ann], { kind: ChannelKind.PUBLIC })];
    const handle = await relay.attach(bob.token);
    expect(await reasonOf(hidden, handle)).toBe('channel-not-found');
    expect(await reasonOf(open, handle)).toBe('not-a-member');
    expect(await reasonOf(2_000_000_000, handle)).toBe('channel-not-found');
    expect(await reasonOf(0, handle)).toBe('invalid-channel-id');
    relay.send({ channelId: hidden, enter: handle });
    expect(await closedOf(handle)).toBe('channel-not-found');
  });

  test('is refused after the removal of the user, and accepted again after the return', async () => {
    const id = await chat();
    await follow(id);
    const handle = await relay.attach(bob.token);
    relay.send({ channelId: id, enter: handle });
    expect(await reasonOf(id, handle)).toBeUndefined();
    const retried = randomUUID();
    const { seq } = await post(relay, id, handle, { clientId: retried });
    await rig.change(ann, id, bob, { remove: true });
    expect(await reasonOf(id, handle)).toBe('removed');
    expect(await closedOf(handle)).toBe('removed');
    expect(await post(relay, id, handle, { clientId: retried })).toMatchObject({ seq, refusal: undefined });
    await rig.change(ann, id, bob, { add: true });
    expect(await reasonOf(id, handle)).toBeUndefined();
  });

  test('is refused while the user is muted or banned', async () => {
    const id = await chat();
    const handle = await relay.attach(bob.token);
    expect(await reasonOf(id, handle)).toBeUndefined();
    await rig.change(ann, id, bob, { muteUntil: Date.now() + 3_600_000 });
    expect(await reasonOf(id, handle)).toBe('muted');
    await rig.change(ann, id, bob, { muteUntil: 0 });
    await untilReason(undefined, id, handle);
    await rig.change(ann, id, bob, { banUntil: Date.now() + 3_600_000 });
    expect(await reasonOf(id, handle)).toBe('removed');
  });

  test('without history, removal and mute take effect soon too', async () => {
    const id = await chat([ann, bob], { retention: Retention.fromPartial({ nothing: true }) });
    await follow(id);
    const handle = await relay.attach(bob.token);
    expect(await post(relay, id, handle)).toMatchObject({ seq: 1 });
    await rig.change(ann, id, bob, { muteUntil: Date.now() + 3_600_000 });
    await untilReason('muted', id, handle);
    await rig.change(ann, id, bob, { muteUntil: 0 });
    await untilReason(undefined, id, handle);
    await rig.change(ann, id, bob, { remove: true });
    await untilReason('removed', id, handle);
  });

  test('cannot change or reply to a message that closed history hides from its user', async () => {
    const id = await chat([ann], { closedHistory: true });
    const owner = await relay.attach(ann.token);
    const { seq } = await post(relay, id, owner, { data: Buffer.from('old') });
    await rig.change(ann, id, bob, { add: true });
    const handle = await relay.attach(bob.token);
    expect(await reasonOf(id, handle, { targetSeq: seq })).toBe('message-not-found');
    const heart = { kind: Kind.REACT, targetSeq: seq, data: Buffer.from('❤️') };
    expect(await reasonOf(id, handle, heart)).toBe('message-not-found');
    expect(await reasonOf(id, owner, heart)).toBeUndefined();
  });

  test('is acknowledged again by another chat server, whatever has changed meanwhile', async () => {
    const id = await chat();
    const handle = await relay.attach(bob.token);
    const clientId = randomUUID();
    const first = await post(relay, id, handle, { clientId });
    const next = await rig.trio.addChatServer();
    await rig.trio.place(id, next);
    await rig.change(ann, id, bob, { remove: true });
    const elsewhere = await rig.relay(next);
    const there = await elsewhere.attach(bob.token);
    expect(await post(elsewhere, id, there, { clientId })).toMatchObject({ seq: first.seq, refusal: undefined });
    expect((await post(elsewhere, id, there, { clientId, data: Buffer.from('other') })).refusal?.reason).toBe(
      'client-id-reused',
    );
    expect((await post(elsewhere, id, there)).refusal?.reason).toBe('removed');
    elsewhere.cancel();
    await next.stop();
  });

  test('obeys the limits of a stream of the user', async () => {
    const id = await chat();
    const handle = await relay.attach(bob.token);
    await until(async () => {
      const acks = await Promise.all(Array.from({ length: 300 }, () => post(relay, id, handle)));
      return acks.some(({ refusal }) => refusal?.reason === 'send-too-fast');
    });
    await untilReason(undefined, id, handle);
  });

  test('is refused with its reason if it is malformed, and the relay continues', async () => {
    const id = await chat();
    const handle = await relay.attach(bob.token);
    expect(await reasonOf(id, handle, { clientId: 'no-uuid' })).toBe('invalid-message');
    expect(await reasonOf(id, handle, { data: Buffer.alloc(0) })).toBe('empty-message');
    expect(await reasonOf(id, handle, { welcome: {} })).toBe('invalid-message');
    expect(await reasonOf(id, handle, { channelId: id + 1 })).toBe('invalid-message');
    const before = relay.downs.length;
    relay.sendRaw(Buffer.from([0x3a, 0x05, 0x08, handle, 0x12, 0x01, 0x0a]));
    expect((await relay.find(({ ack }) => ack !== undefined, before)).ack?.refusal?.reason).toBe('malformed');
    expect(await reasonOf(id, handle)).toBeUndefined();
  });

  test('keeps the order of one user, from the first post on', async () => {
    const id = await chat();
    await follow(id);
    const handle = await relay.attach(bob.token);
    const texts = Array.from({ length: 40 }, (_, n) => String(n));
    await Promise.all(texts.map((text) => post(relay, id, handle, { data: Buffer.from(text) })));
    await until(() => relay.entries(id).length === texts.length);
    expect(relay.entries(id).map(({ data }) => utf8(data))).toEqual(texts);
  });
});

describe('messages that are not stored', () => {
  const send = (channelId: number, handle: number, fields: object) =>
    relay.send({ channelId, post: { handle, message: Message.fromPartial(fields) } });

  test('typing and lossy messages reach others, without a response', async () => {
    const id = await chat();
    await follow(id);
    const stream = await rig.trio.join(ann, id);
    const handle = await relay.attach(bob.token);
    const ids = [send(id, handle, { typing: {} }), send(id, handle, { lossy: true, data: Buffer.from('psst') })];
    await stream.find(({ typing }) => typing?.userId === bob.id);
    await stream.find(({ data, lossy }) => lossy && utf8(data) === 'psst');
    await relay.find(({ frame }) => frame?.typing?.userId === bob.id);
    const [stranger] = (await rig.people(1)) as [TestPerson];
    const foreign = await relay.attach(stranger.token);
    ids.push(send(id, foreign, { typing: {} }), send(id, foreign, { receipt: { readSeq: 1 } }));
    expect(await reasonOf(id, foreign)).toBe('channel-not-found');
    expect(relay.downs.filter(({ id: of, frame }) => ids.includes(of) && frame === undefined)).toEqual([]);
    await stream.leave();
  });

  test('receipts are saved and shown, and ignored from a stranger', async () => {
    const id = await chat();
    await follow(id);
    const [stranger] = (await rig.people(1)) as [TestPerson];
    const [handle, foreign] = [await relay.attach(bob.token), await relay.attach(stranger.token)];
    const { seq } = await post(relay, id, handle);
    send(id, foreign, { receipt: { readSeq: seq } });
    send(id, handle, { receipt: { readSeq: seq } });
    const { frame } = await relay.find(({ frame }) => frame?.receipt !== undefined);
    expect(frame?.receipt).toMatchObject({ userId: bob.id, readSeq: seq, deliveredSeq: seq });
    const rows = await rig.sql('SELECT user_id FROM chat.member WHERE channel_id = $1 AND read_seq > 0', [id]);
    expect(rows).toEqual([{ user_id: bob.id }]);
  });

  test('a receipt that only its user may see goes to the relays of the user alone', async () => {
    const id = await chat();
    const other = await rig.relay(server());
    for (const one of [relay, other]) await follow(id, one);
    await rig.sql('UPDATE chat.users SET private_reads = true WHERE id = $1', [bob.id]);
    const [handle, anns] = [await relay.attach(bob.token), await other.attach(ann.token)];
    const { seq } = await post(relay, id, handle);
    send(id, handle, { receipt: { readSeq: seq } });
    expect(await relay.find(({ receipt }) => receipt !== undefined)).toMatchObject({
      id: 0,
      channelId: id,
      receipt: { userId: bob.id, readSeq: seq },
    });
    other.send({ channelId: id, post: { handle: anns, message: Message.fromPartial({ receipt: { readSeq: seq } }) } });
    await other.find(({ frame }) => frame?.receipt?.userId === ann.id);
    expect(other.downs.filter(({ frame, receipt }) => (receipt ?? frame?.receipt)?.userId === bob.id)).toEqual([]);
    other.cancel();
  });

  test('a user is present from enter to leave, once for two handles', async () => {
    const id = await chat();
    const stream = await rig.trio.join(ann, id);
    const handles = [await relay.attach(bob.token), await relay.attach(bob.token)] as const;
    for (const handle of handles) relay.send({ channelId: id, enter: handle });
    await stream.find(({ presence }) => presence?.came[0]?.id === bob.id);
    relay.send({ channelId: id, leave: handles[0] });
    await post(relay, id, handles[1]);
    expect(stream.messages.filter(({ presence }) => presence?.went.length === 1)).toEqual([]);
    relay.send({ channelId: id, leave: handles[1] });
    expect((await stream.find(({ presence }) => presence?.went[0]?.id === bob.id)).presence?.here).toBe(1);
    expect(stream.messages.filter(({ presence }) => presence?.came[0]?.id === bob.id)).toHaveLength(1);
    await stream.leave();
  });
});

describe('a relay that breaks', () => {
  test('takes its handles back within 10 s, and their users stay present', async () => {
    const id = await chat();
    const stream = await rig.trio.join(ann, id);
    const name = randomUUID();
    const first = await rig.relay(server(), { name });
    const [handle, unused] = [await first.attach(bob.token), await first.attach(bob.token)];
    first.send({ channelId: id, enter: handle });
    await stream.find(({ presence }) => presence?.came[0]?.id === bob.id);
    first.cancel();
    await first.ended;
    const from = relay.downs.length;
    await until(() => relay.downs.slice(from).filter(({ ping }) => ping !== undefined).length > 1);
    const second = await rig.relay(server(), { name });
    expect(await second.ask({ attach: { token: '', handle } })).toMatchObject({ handle });
    expect((await post(second, id, handle)).refusal).toBeUndefined();
    const stolen = await relay.ask({ attach: { token: '', handle: unused } });
    expect(stolen.refusal?.reason).toBe('handle-gone');
    expect(stream.messages.filter(({ presence }) => presence?.went.length === 1)).toEqual([]);
    second.cancel();
    await stream.find(({ presence }) => presence?.went[0]?.id === bob.id);
    const third = await rig.relay(server(), { name });
    expect((await third.ask({ attach: { token: '', handle } })).refusal?.reason).toBe('handle-gone');
    third.cancel();
    await stream.leave();
  });

  test('a handle ends with its session while its relay is broken', async () => {
    const name = randomUUID();
    const first = await rig.relay(server(), { name });
    const handle = await first.attach(bob.token);
    first.cancel();
    await first.ended;
    await rig.sql('UPDATE chat.session SET revoked_at = now() WHERE user_id = $1', [bob.id]);
    const probe = await relay.attach(ann.token);
    await rig.sql('UPDATE chat.session SET revoked_at = now() WHERE user_id = $1', [ann.id]);
    expect(await closedOf(probe)).toBe('logged-out'); // The sweep has run.
    const second = await rig.relay(server(), { name });
    expect((await second.ask({ attach: { token: '', handle } })).refusal?.reason).toBe('handle-gone');
    second.cancel();
  });

  test('a second relay of the same name replaces the first', async () => {
    const name = randomUUID();
    const first = await rig.relay(server(), { name });
    const handle = await first.attach(bob.token);
    const second = await rig.relay(server(), { name });
    expect(await first.ended).toMatchObject({ reason: 'replaced' });
    expect(await second.ask({ attach: { token: '', handle } })).toMatchObject({ handle });
    second.cancel();
  });

  test('a relay that is silent for 10 s ends', async () => {
    const silent = await rig.relay(server(), { silent: true });
    const { code } = await silent.ended;
    expect(code).not.toBe(0);
    const pings = silent.downs.filter(({ ping }) => ping !== undefined).length;
    expect([pings > 5, pings < 50]).toEqual([true, true]); // About one a second.
  });
});
