import { AdminService, ChannelServer, Kind, Retention } from '@parley/contract';
import { callUnary } from '@parley/rpc';
import { type ServiceProcess, type TestPerson, until, utf8 } from '@parley/testkit';
import { InboxRig, say } from './inbox-rig.js';

let rig: InboxRig;
let ann: TestPerson;
let bob: TestPerson;

beforeAll(async () => {
  rig = await InboxRig.start({ chatServers: 2 });
});
afterAll(() => rig.stop());
beforeEach(async () => {
  [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
});
afterEach(() => rig.restartGateway()); // The next test counts its own channels only.

const serverOf = (n: number) => rig.trio.chatServers[n] as ServiceProcess;

/** Creates a group of ann and bob, places it on this chat server, and lets ann join it. */
async function ownedGroup(server = serverOf(0), more = {}) {
  const id = await rig.group(ann, [bob], more);
  await rig.trio.place(id, server);
  return { id, stream: await rig.trio.join(ann, id) };
}

/** Keeps the ends of all logs from the gateway while `during` runs, so that only relays show entries. */
async function withoutTable<T>(during: () => Promise<T>): Promise<T> {
  await rig.sql('REVOKE SELECT ON chat.channel_head FROM chat_gateway');
  try {
    return await during();
  } finally {
    await rig.sql('GRANT SELECT ON chat.channel_head TO chat_gateway');
  }
}

test('the relay of the owning server shows entries, typing, presence and receipts, without a read of the table', async () => {
  const { id, stream } = await ownedGroup();
  const inbox = await rig.open(bob);
  await rig.follows(1);
  await withoutTable(async () => {
    await say(stream, 'one', 'two');
    stream.send('', { typing: { userId: '', stopped: false } });
    stream.send('gone soon', { lossy: true });
    await inbox.entry(id, 3);
    const found = await inbox.find(({ message }) => message?.typing !== undefined);
    expect(found.message).toMatchObject({ channelId: id, typing: { userId: ann.id } });
    await inbox.find(({ message }) => message?.lossy === true && utf8(message.data) === 'gone soon');
    stream.send('', { receipt: { userId: '', deliveredSeq: 3, readSeq: 3, log: '', updatedAt: 0 } });
    await inbox.find(({ message }) => message?.receipt?.readSeq === 3);
    await stream.leave();
    await inbox.find(({ message }) => message?.presence?.went[0]?.id === ann.id);
  });
  expect(inbox.texts(id)).toEqual(['one', 'two']);
  expect(inbox.entries(id)[0]).toMatchObject({ sender: ann.id, channelId: id });
  await inbox.cut();
});

test('through a relay, closed history hides edits of messages from before the join', async () => {
  const id = await rig.group(ann, [], { closedHistory: true });
  await rig.trio.place(id, serverOf(0));
  const stream = await rig.trio.join(ann, id);
  await say(stream, 'secret');
  await rig.trio.changeMember(ann, { channelId: id, userId: bob.id, add: true });
  const [bobs, anns] = [await rig.open(bob), await rig.open(ann)];
  await rig.follows(1);
  await withoutTable(async () => {
    stream.send('secret, edited', { clientId: crypto.randomUUID(), kind: Kind.EDIT, targetSeq: 1 });
    for (const [inbox, text] of [
      [bobs, ''],
      [anns, 'secret, edited'],
    ] as const) {
      const { message } = await inbox.entry(id, 3);
      expect(utf8(message?.data)).toBe(text);
    }
  });
  for (const one of [bobs, anns]) await one.cut();
});

test('a member who joins a followed chat sees it from the join on, and a removed member sees nothing more', async () => {
  const { id, stream } = await ownedGroup();
  const [carol] = (await rig.people(1)) as [TestPerson];
  const [bobs, carols] = [await rig.open(bob), await rig.open(carol)];
  await rig.follows(1);
  await say(stream, 'before');
  await rig.trio.changeMember(ann, { channelId: id, userId: carol.id, add: true });
  await say(stream, 'with carol');
  await carols.entry(id, 4);
  await rig.trio.changeMember(ann, { channelId: id, userId: carol.id, remove: true });
  await say(stream, 'without carol');
  await carols.find(({ removed }) => removed?.id === id);
  await bobs.entry(id, 6);
  expect(carols.seqs(id)).toEqual([3, 4, 5]);
  expect(bobs.seqs(id)).toEqual([2, 3, 4, 5, 6]);
  for (const one of [bobs, carols]) await one.cut();
});

test('entries that managers write in a chat without an owning server arrive too', async () => {
  const { id, stream } = await ownedGroup();
  const inbox = await rig.open(bob);
  await rig.follows(1);
  await stream.leave();
  await rig.sql('UPDATE chat.channel_head SET instance_id = NULL WHERE channel_id = $1', [id]);
  await rig.follows(0);
  const [carol] = (await rig.people(1)) as [TestPerson];
  await rig.trio.changeMember(ann, { channelId: id, userId: carol.id, add: true });
  await inbox.entry(id, 2);
  await say(await rig.trio.join(ann, id), 'with an owner again');
  await rig.follows(1);
  await inbox.entry(id, 3);
  await inbox.cut();
});

test('a chat that moves is followed at its next owning server, and a deleted chat is not followed', async () => {
  const [moved, deleted] = [await ownedGroup(), await ownedGroup()];
  const { id } = moved;
  const inbox = await rig.open(bob);
  await rig.follows(2);
  await say(moved.stream, 'at the first owner');
  await rig.trio.place(id, serverOf(1));
  await rig.sql(
    `WITH c AS (UPDATE chat.channel SET deleted_at = now() WHERE id = $1)
     UPDATE chat.channel_head SET instance_id = NULL, epoch = epoch + 1 WHERE channel_id = $1`,
    [deleted.id],
  );
  await inbox.find(({ removed }) => removed?.id === deleted.id);
  const stream = await rig.joinAgain(ann, id);
  await say(stream, 'at the next owner');
  await inbox.entry(id, 3);
  await rig.follows(1);
  await withoutTable(async () => {
    await say(stream, 'through its relay');
    await inbox.entry(id, 4);
  });
  expect(inbox.seqs(id)).toEqual([2, 3, 4]);
  await inbox.cut();
});

test('after kill -9 of the owning server, the next one is followed without a lost or repeated entry', async () => {
  const owner = await rig.trio.addChatServer();
  const { id, stream } = await ownedGroup(owner);
  const inbox = await rig.open(bob);
  await rig.follows(1);
  await say(stream, 'one', 'two');
  owner.kill('SIGKILL');
  await owner.exited;
  await rig.follows(0);
  const lapsed = 'SELECT FROM chat.server WHERE addr = $1 AND lease_until < now()';
  await until(async () => (await rig.sql(lapsed, [owner.grpc])).length > 0);
  const after = await rig.joinAgain(ann, id);
  await say(after, 'three', 'four');
  await rig.follows(1);
  await withoutTable(async () => {
    await say(after, 'five');
    await inbox.entry(id, 6);
  });
  expect(inbox.texts(id)).toEqual(['one', 'two', 'three', 'four', 'five']);
  await inbox.cut();
});

test('a drained owning server loses nothing, and the next one is followed', async () => {
  const owner = await rig.trio.addChatServer();
  const { id, stream } = await ownedGroup(owner);
  const inbox = await rig.open(bob);
  await rig.follows(1);
  await say(stream, 'one', 'two');
  const root = await rig.trio.people.make(`root-${id}`, 'admin');
  const { instanceId } = await rig.trio.identityOf(owner);
  const drained = ChannelServer.fromPartial({ id: instanceId });
  await callUnary(rig.trio.manager(), AdminService.drain, drained, { token: root.token, withinMs: 60_000 });
  await rig.follows(0);
  const after = await rig.joinAgain(ann, id);
  await rig.follows(1);
  await withoutTable(async () => {
    await say(after, 'three');
    await inbox.entry(id, 4);
  });
  expect(inbox.texts(id)).toEqual(['one', 'two', 'three']);
  await inbox.cut();
  await owner.stop();
});

test('another log of a followed chat is a reset, and its entries arrive', async () => {
  const { id, stream } = await ownedGroup();
  const inbox = await rig.open(bob);
  await rig.follows(1);
  await say(stream, 'in the first log');
  await inbox.entry(id, 2);
  await rig.sql('DELETE FROM chat.message WHERE channel_id = $1', [id]);
  const [head] = await rig.sql(
    `UPDATE chat.channel_head SET log_id = gen_random_uuid(), last_seq = 0, instance_id = NULL, epoch = epoch + 1
     WHERE channel_id = $1 RETURNING log_id`,
    [id],
  );
  const { chatReset } = await inbox.find((event) => event.chatReset !== undefined);
  expect(chatReset).toEqual({ channelId: id, log: head?.log_id });
  const again = await rig.joinAgain(ann, id);
  await rig.follows(1);
  await say(again, 'in the second log');
  await inbox.find(({ message }) => utf8(message?.data) === 'in the second log');
  expect(inbox.seqs(id)).toEqual([2, 1]);
  await inbox.cut();
});

describe('a chat without history', () => {
  const unstored = { retention: Retention.fromPartial({ nothing: true }) };

  test('a relay shows a chat without history, whose log continues after a reconnect and ends with the owning server', async () => {
    const { id, stream } = await ownedGroup(serverOf(0), unstored);
    await say(stream, 'before bob came');
    const inbox = await rig.open(bob);
    await rig.follows(1);
    await say(stream, 'two', 'three');
    await inbox.entry(id, 3);
    const { chatReset: first } = await inbox.find((event) => event.chatReset !== undefined);
    const { log = '' } = first ?? {};
    await inbox.cut();
    await say(stream, 'while bob was away');
    const again = await rig.open(bob, { after: inbox.position, seen: [{ channelId: id, log, seq: 3 }] });
    await again.entry(id, 4);
    await rig.trio.place(id, serverOf(1));
    await say(await rig.joinAgain(ann, id), 'first in another log');
    await again.find(({ message }) => utf8(message?.data) === 'first in another log');
    const { chatReset: second } = await again.find((event) => event.chatReset !== undefined);
    expect(second).toMatchObject({ channelId: id });
    expect(second?.log).not.toBe(log);
    expect(again.seqs(id)).toEqual([4, 1]);
    expect(inbox.texts(id)).toEqual(['two', 'three']);
    await again.cut();
  });

  test('no message of many chats without history is lost while they are placed, because each announcement of their owning server counts', async () => {
    const ids = await Promise.all(Array.from({ length: 15 }, () => rig.group(ann, [bob], unstored)));
    const inbox = await rig.open(bob);
    await until(async () => (await rig.metric('parley_relays')) === 2);
    for (const channelId of ids) {
      const { refusal } = await rig.post(ann, { channelId, data: Buffer.from('only a relay brings this') });
      expect(refusal).toBeUndefined();
    }
    for (const id of ids) await inbox.entry(id, 1);
    await rig.follows(ids.length);
    await inbox.cut();
  });

  test('a chat without history ends for a removed member, although no entry shows the removal', async () => {
    const [carol] = (await rig.people(1)) as [TestPerson];
    const { id, stream } = await ownedGroup(serverOf(0), unstored);
    await rig.trio.changeMember(ann, { channelId: id, userId: carol.id, add: true });
    const [bobs, carols] = [await rig.open(bob), await rig.open(carol)];
    await rig.follows(1);
    await say(stream, 'before');
    for (const one of [bobs, carols]) await one.find(({ message }) => utf8(message?.data) === 'before');
    await rig.trio.changeMember(ann, { channelId: id, userId: bob.id, remove: true });
    await bobs.find(({ removed }) => removed?.id === id);
    await say(stream, 'after');
    await carols.find(({ message }) => utf8(message?.data) === 'after');
    expect(bobs.texts(id)).toEqual(['before']);
    await rig.trio.changeMember(ann, { channelId: id, userId: bob.id, add: true });
    await bobs.find(({ added }) => added?.id === id);
    await say(stream, 'back');
    await bobs.find(({ message }) => utf8(message?.data) === 'back');
    expect(bobs.texts(id)).toEqual(['before', 'back']);
    for (const one of [bobs, carols]) await one.cut();
  });

  test('a chat without history loses no message that is sent before its new owning server is followed', async () => {
    const id = await rig.group(ann, [bob], unstored);
    const inbox = await rig.open(bob);
    await say(await rig.trio.join(ann, id), 'first', 'second');
    await inbox.entry(id, 2);
    expect(inbox.texts(id)).toEqual(['first', 'second']);
    await inbox.cut();
  });
});

test('relays close some time after the last inbox has ended', async () => {
  await ownedGroup();
  const inbox = await rig.open(bob);
  await rig.follows(1);
  await inbox.cut();
  await until(async () => (await rig.metric('parley_relays')) === 0, 180_000);
  expect(await rig.metric('parley_inbox_channels')).toBe(0);
  expect(rig.gateway.output).not.toContain('relay closed'); // That is for relays that break.
});
