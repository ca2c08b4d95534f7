import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { type Ack, ChannelKind, CreateBotRequest, Kind, type Message, UserService } from '@parley/contract';
import { callUnary } from '@parley/rpc';
import { type Chatter, type TestPerson, until, utf8 } from '@parley/testkit';
import { InboxClient } from './inbox-client.js';
import { InboxRig } from './inbox-rig.js';

let rig: InboxRig;
let ann: TestPerson;
let bob: TestPerson;

beforeAll(async () => {
  rig = await InboxRig.start();
});
afterAll(() => rig.stop());
beforeEach(async () => {
  [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
});

const words = (channelId: number, text = 'words') => ({ channelId, data: Buffer.from(text) });

describe('a post', () => {
  test('a post over gRPC, gRPC-Web and a session is stored, shown and acknowledged', async () => {
    const id = await rig.group(ann, [bob]);
    const inbox = await rig.open(bob);
    const device = await rig.open(ann);
    expect(await rig.post(ann, words(id, 'one'))).toMatchObject({ seq: 2, refusal: undefined });
    expect(await rig.postInPage(ann, words(id, 'two'))).toMatchObject({ seq: 3 });
    expect(await device.post(words(id, 'three'))).toMatchObject({ seq: 4 });
    await inbox.entry(id, 4);
    expect(inbox.texts(id)).toEqual(['one', 'two', 'three']);
    expect(inbox.entries(id).map(({ sender, clientId }) => [sender, clientId !== ''])).toEqual(
      Array.from({ length: 3 }, () => [ann.id, true]),
    );
    await Promise.all([inbox.cut(), device.cut()]);
  });

  test('a post without a client id gets one, and a repeated post is stored once', async () => {
    const id = await rig.group(ann, []);
    const { clientId, seq } = await rig.post(ann, words(id));
    expect(await rig.post(ann, { ...words(id), clientId })).toMatchObject({ clientId, seq });
    const { refusal } = await rig.post(ann, { ...words(id, 'others'), clientId });
    expect(refusal?.reason).toBe('client-id-reused');
  });

  test('a post is always sent on behalf of the user of the token', async () => {
    const id = await rig.group(ann, [bob]);
    const device = await rig.open(bob);
    await device.post({ ...words(id), sender: ann.id, userId: ann.number });
    await rig.post(bob, { ...words(id), sender: ann.id, userId: ann.number });
    await device.find(() => device.entries(id).length === 2);
    expect(device.entries(id).map(({ sender, userId }) => [sender, userId])).toEqual([
      [bob.id, bob.number],
      [bob.id, bob.number],
    ]);
    device.command({ token: ann.token });
    expect(await device.ended).toMatchObject({ reason: 'invalid-token' });
  });

  test('a post keeps its place among the posts of a session, even before the chat has an owning server', async () => {
    const id = await rig.group(ann, []);
    const device = new InboxClient(rig.gateway.grpc, ann);
    const texts = Array.from({ length: 60 }, (_, n) => String(n));
    await Promise.all(texts.map((text) => device.post(words(id, text))));
    await device.find(() => device.texts(id).length === texts.length);
    expect(device.texts(id)).toEqual(texts);
    expect(device.events[0]?.welcome).toBeDefined();
    await device.cut();
  });

  test('a post of 64 KiB is accepted, and a larger one is refused without effect on others', async () => {
    const id = await rig.group(ann, []);
    const device = await rig.open(ann);
    const mentions = Array.from({ length: 50 }, () => ann.id);
    expect((await device.post({ channelId: id, data: Buffer.alloc(65_536, 'x'), mentions })).seq).toBe(1);
    expect((await rig.post(ann, { channelId: id, data: Buffer.alloc(65_536, 'x'), mentions })).seq).toBe(2);
    expect((await device.post({ channelId: id, data: Buffer.alloc(65_537, 'x') })).refusal?.reason).toBe(
      'message-too-large',
    );
    expect((await device.post(words(id))).seq).toBe(3);
    await device.cut();
  });

  test('a post beyond the rate of a stream is refused, and a client that continues is cut off', async () => {
    const id = await rig.group(ann, []);
    const device = await rig.open(ann);
    const flood = (posts: number) => {
      for (let n = 0; n < posts; n++) device.command({ post: { channelId: id, typing: { stopped: false } } });
    };
    let last: Ack | undefined;
    while (last?.refusal?.reason !== 'send-too-fast') {
      flood(300);
      last = await device.post(words(id));
    }
    flood(3_000);
    expect(await device.ended).toMatchObject({ reason: 'send-too-fast' });
  });
});

describe('a refusal has the same reason as on a stream of the user', () => {
  let id: number;
  let stream: Chatter;
  let device: InboxClient;

  beforeEach(async () => {
    id = await rig.group(ann, [bob]);
    [stream, device] = [await rig.trio.join(bob, id), await rig.open(bob)];
  });
  afterEach(async () => {
    stream.cancel();
    await device.cut();
  });

  /**
   * Sends the same message on a chat stream, in a session and in a call. Returns the three reasons.
   */
  async function reasons(fields: object) {
    const clientId = randomUUID();
    stream.send('', { clientId, ...fields });
    const { ack } = await stream.find((message) => message.ack?.clientId === clientId);
    const acks = [
      ack,
      await device.post({ channelId: id, ...fields }),
      await rig.post(bob, { channelId: id, ...fields }),
    ];
    return acks.map((one) => one?.refusal?.reason);
  }

  const thrice = (reason: string) => [reason, reason, reason];

  test.each([
    ['empty-message', { data: Buffer.alloc(0) }],
    ['message-too-large', { data: Buffer.alloc(65_537, 'x') }],
    ['invalid-message', { data: Buffer.from('x'), mentions: ['not a user id'] }],
    ['invalid-message', { welcome: {} }],
    ['invalid-message', { typing: {}, receipt: { readSeq: 1 } }],
    ['message-not-found', { kind: Kind.DELETE, targetSeq: 1_000 }],
    ['invalid-reaction', { kind: Kind.REACT, targetSeq: 1, data: Buffer.from('no emoji') }],
    ['mention-not-found', { data: Buffer.from('x'), mentions: ['nobody-of-that-name'] }],
    ['invalid-message', { data: Buffer.from('x'), fileIds: ['file'] }],
    ['file-not-found', { fileIds: ['00000000-0000-4000-8000-000000000000'] }],
  ])('the reason "%s" is the same on a stream, in a session and in a call', async (reason, fields) => {
    expect(await reasons(fields)).toEqual(thrice(reason));
  });

  test('the reason "not-your-message" is the same on a stream, in a session and in a call', async () => {
    const { seq } = await rig.post(ann, words(id));
    expect(await reasons({ kind: Kind.EDIT, targetSeq: seq, data: Buffer.from('mine') })).toEqual(
      thrice('not-your-message'),
    );
  });

  test('the reason "muted" is the same on a stream, in a session and in a call', async () => {
    await rig.trio.changeMember(ann, { channelId: id, userId: bob.id, muteUntil: Date.now() + 3_600_000 });
    expect(await reasons({ data: Buffer.from('x') })).toEqual(thrice('muted'));
  });

  test('the reason "slow-mode" is the same on a stream, in a session and in a call', async () => {
    await rig.trio.update(ann, { id, slowModeS: 3_600 });
    await device.post(words(id));
    expect(await reasons({ data: Buffer.from('x') })).toEqual(thrice('slow-mode'));
  });

  test('the reason "removed" is the same on a stream, in a session and in a call', async () => {
    await device.post(words(id));
    await rig.trio.changeMember(ann, { channelId: id, userId: bob.id, banUntil: Date.now() + 3_600_000 });
    expect((await stream.ended).reason).toBe('removed');
    expect((await device.post(words(id))).refusal?.reason).toBe('removed');
    expect((await rig.post(bob, words(id))).refusal?.reason).toBe('removed');
  });

  test.each(['channel-not-found', 'not-a-member'] as const)('Listen and posting refuse with "%s"', async (reason) => {
    const kind = reason === 'not-a-member' ? ChannelKind.PUBLIC : ChannelKind.GROUP;
    for (const isOwned of [false, true]) {
      const foreign = await rig.group(ann, [], { kind });
      if (isOwned) await rig.post(ann, words(foreign));
      await expect(rig.trio.listen(bob, foreign)).rejects.toMatchObject({ reason });
      expect((await device.post(words(foreign))).refusal?.reason).toBe(reason);
      expect((await rig.post(bob, words(foreign))).refusal?.reason).toBe(reason);
      const owned = 'SELECT FROM chat.channel_head WHERE channel_id = $1 AND instance_id IS NOT NULL';
      expect(await rig.sql(owned, [foreign])).toHaveLength(isOwned ? 1 : 0);
    }
  });

  test('a post is refused with "channel-not-found" in a missing chat, "wrong-kind" in a room and "invalid-channel-id" for an invalid id', async () => {
    const room = (await rig.trio.create(bob, 'room')).id;
    const deleted = await rig.group(bob, []);
    await rig.sql('UPDATE chat.channel SET deleted_at = now() WHERE id = $1', [deleted]);
    for (const [channelId, reason] of [
      [2_000_000_000, 'channel-not-found'],
      [deleted, 'channel-not-found'],
      [room, 'wrong-kind'],
      [0, 'invalid-channel-id'],
      [4_294_967_295, 'invalid-channel-id'],
    ] as const) {
      expect([channelId, (await device.post(words(channelId))).refusal?.reason]).toEqual([channelId, reason]);
      expect([channelId, (await rig.post(bob, words(channelId))).refusal?.reason]).toEqual([channelId, reason]);
    }
    const joined = await rig.trio.join(bob, room);
    expect((await device.post(words(room))).refusal?.reason).toBe('wrong-kind');
    await joined.leave();
  });

  test.each([
    ['logged-out', 'UPDATE chat.session SET revoked_at = now() WHERE user_id = $1'],
    ['suspended', "UPDATE chat.users SET status = 'suspended' WHERE id = $1"],
  ])('the reason "%s" is the same on a stream, in a session and in a call', async (reason, change) => {
    await device.post(words(id));
    await rig.sql(change, [bob.id]);
    await expect(rig.post(bob, words(id))).rejects.toMatchObject({ reason });
    expect(await stream.ended).toMatchObject({ reason });
    expect(await device.ended).toMatchObject({ reason });
  });

  test('a call with an invalid token or with a join token ends with "invalid-token"', async () => {
    await expect(rig.post({ token: 'abc' }, words(id))).rejects.toMatchObject({ reason: 'invalid-token' });
    await expect(rig.post({ token: (await rig.trio.listen(bob, id)).token }, words(id))).rejects.toMatchObject({
      reason: 'invalid-token',
    });
  });
});

test('a frame that names several commands ends the session, and none of them counts', async () => {
  const id = await rig.group(ann, []);
  const device = await rig.open(ann);
  device.command({ post: words(id), token: ann.token });
  expect(await device.ended).toMatchObject({ reason: 'malformed' });
  expect(device.entries(id)).toEqual([]);
});

test('a bot posts only in its own chat', async () => {
  const { grpc } = await rig.trio.startUserService();
  const client = new Client(grpc, credentials.createInsecure());
  const [own, other] = [await rig.group(ann, []), await rig.group(ann, [])];
  const asked = CreateBotRequest.fromPartial({ userId: `bot-${ann.id}`, channelId: own });
  const { token } = await callUnary(client, UserService.createBot, asked, { token: ann.token, withinMs: 30_000 });
  await rig.trio.changeMember(ann, { channelId: own, userId: `bot-${ann.id}`, add: true });
  expect((await rig.post({ token }, words(own))).refusal).toBeUndefined();
  expect((await rig.post({ token }, words(other))).refusal?.reason).toBe('bot-channel');
  client.close();
});

test('a session continues with another login of its user', async () => {
  const id = await rig.group(ann, [bob]);
  const [device, other] = [await rig.open(bob), await rig.open(bob)];
  const next = await rig.trio.people.login(bob);
  device.command({ token: next.token });
  await device.post(words(id));
  await rig.sql('UPDATE chat.session SET revoked_at = now() WHERE id = $1', [bob.sessionId]);
  expect(await other.ended).toMatchObject({ reason: 'logged-out' }); // The reconciler has read that the session ended.
  await rig.post(next, words(id, 'again'));
  await until(async () => (await device.post(words(id))).refusal === undefined);
  await rig.sql('UPDATE chat.session SET revoked_at = now() WHERE id = $1', [next.sessionId]);
  expect(await device.ended).toMatchObject({ reason: 'logged-out' });
});

test('lossy messages and typing get an ack without seq, and reach the users who are here', async () => {
  const id = await rig.group(ann, [bob]);
  const stream = await rig.trio.join(ann, id);
  const [device, other] = [await rig.open(bob), await rig.open(ann)];
  expect(await device.post({ ...words(id, 'psst'), lossy: true })).toMatchObject({ seq: 0, refusal: undefined });
  await stream.find(({ lossy, data }) => lossy && utf8(data) === 'psst');
  const isTyping = ({ typing }: Partial<Message> = {}) => typing?.userId === bob.id;
  await until(async () => {
    expect(await rig.post(bob, { channelId: id, typing: {} })).toMatchObject({ seq: 0, refusal: undefined });
    await pause(200); // Typing that comes before the gateway follows the chat is not shown later.
    return other.events.some(({ message }) => isTyping(message));
  });
  await stream.find(isTyping);
  await stream.leave();
  await Promise.all([device.cut(), other.cut()]);
});
