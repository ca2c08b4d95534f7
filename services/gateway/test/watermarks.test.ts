import { setTimeout as pause } from 'node:timers/promises';
import { ChannelService, type Message, UpdateReceiptRequest } from '@parley/contract';
import { transaction } from '@parley/database';
import { callUnary } from '@parley/rpc';
import { openTestPool, type ServiceProcess, type TestPerson, until } from '@parley/testkit';
import type { InboxClient } from './inbox-client.js';
import { InboxRig, say } from './inbox-rig.js';

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

const words = (channelId: number) => ({ channelId, data: Buffer.from('words') });
const receiptOf = (userId: string, readSeq: number) => (event: { message?: Message | undefined }) =>
  event.message?.receipt?.userId === userId && event.message.receipt.readSeq === readSeq;

async function readSeqOf(channelId: number, { id }: TestPerson): Promise<number> {
  const [row] = await rig.sql('SELECT read_seq FROM chat.member WHERE channel_id = $1 AND user_id = $2', [
    channelId,
    id,
  ]);
  return Number(row?.read_seq);
}

async function isOwned(channelId: number): Promise<boolean> {
  return (
    (await rig.sql('SELECT FROM chat.channel_head WHERE channel_id = $1 AND instance_id IS NOT NULL', [channelId]))
      .length > 0
  );
}

/**
 * Starts a chat server that owns a chat of its own, and stops the server even if the test fails.
 */
async function withOwner(act: (owner: ServiceProcess) => Promise<void>): Promise<void> {
  const owner = await rig.trio.addChatServer();
  try {
    await act(owner);
  } finally {
    owner.kill('SIGKILL');
    await owner.exited;
    rig.trio.chatServers.splice(rig.trio.chatServers.indexOf(owner), 1);
  }
}

/** Sends a receipt, again if the session is too fast. Returns why it is refused. */
async function noteSlowly(device: InboxClient, channelId: number): Promise<string | undefined> {
  for (;;) {
    const { refusal } = await device.post({ channelId, receipt: { readSeq: 1 } });
    if (refusal?.reason !== 'send-too-fast') return refusal?.reason;
    await pause(refusal.retryAfterMs);
  }
}

describe('receipts', () => {
  test('receipts of a chat with an owning server go to that server, and everybody sees them', async () => {
    const id = await rig.group(ann, [bob]);
    const [reader, other, author] = [await rig.open(bob), await rig.open(bob), await rig.open(ann)];
    const { seq } = await author.post(words(id));
    for (const device of [reader, other]) await rig.followed(device, id, ann);
    await rig.followed(author, id, bob);
    expect(await reader.post({ channelId: id, receipt: { readSeq: seq } })).toMatchObject({
      seq: 0,
      refusal: undefined,
    });
    for (const device of [reader, other, author]) await device.find(receiptOf(bob.id, seq));
    expect(await readSeqOf(id, bob)).toBe(seq);
    await Promise.all([reader.cut(), other.cut(), author.cut()]);
  });

  test('receipts of a chat without an owning server are written and shown at once, and do not place the chat', async () => {
    const id = await rig.group(ann, [bob]);
    const device = await rig.open(ann);
    expect(await rig.post(bob, { channelId: id, receipt: { readSeq: 1 } })).toMatchObject({ seq: 0 });
    await device.find(receiptOf(bob.id, 1));
    expect(await readSeqOf(id, bob)).toBe(1);
    expect(await isOwned(id)).toBe(false);
    await device.cut();
  });

  test('receipts of a chat without an owning server are shown at other gateways, whichever process has written them', async () => {
    const id = await rig.group(ann, [bob]);
    const other = await rig.trio.startGateway();
    const devices = [await rig.open(ann), await rig.open(ann, {}, other)];
    await rig.post(bob, { channelId: id, receipt: { readSeq: 1 } });
    for (const device of devices) await device.find(receiptOf(bob.id, 1));
    await say(await rig.trio.join(ann, id), 'words');
    await rig.sql('UPDATE chat.channel_head SET instance_id = NULL, epoch = epoch + 1 WHERE channel_id = $1', [id]);
    const { chats } = await rig.trio.overview(bob);
    const log = chats.find(({ channel }) => channel?.id === id)?.log ?? '';
    const request = UpdateReceiptRequest.fromPartial({ channelId: id, log, readSeq: 2 });
    await callUnary(rig.trio.manager(), ChannelService.updateReceipt, request, { token: bob.token, withinMs: 30_000 });
    for (const device of devices) await device.find(receiptOf(bob.id, 2));
    for (const device of devices) await device.cut();
    await other.stop();
  });

  test('receipts that moved meanwhile arrive with a resume, except receipts of others who read in private', async () => {
    const [carol, dave] = (await rig.people(2)) as [TestPerson, TestPerson];
    const id = await rig.group(ann, [bob, carol, dave]);
    const device = await rig.open(bob);
    await device.cut();
    await rig.sql('UPDATE chat.users SET private_reads = true WHERE id = ANY ($1)', [[bob.id, dave.id]]);
    for (const person of [bob, carol, dave]) await rig.post(person, { channelId: id, receipt: { readSeq: 2 } });
    await until(async () =>
      (await Promise.all([bob, carol, dave].map((one) => readSeqOf(id, one)))).every((seq) => seq === 2),
    );
    const resumed = await rig.open(bob, { after: device.position });
    const receipts = resumed.events.flatMap(({ message }) => message?.receipt ?? []);
    const [head] = await rig.sql('SELECT log_id AS log FROM chat.channel_head WHERE channel_id = $1', [id]);
    expect(
      receipts
        .map(({ userId, readSeq, log }) => ({ userId, readSeq, log }))
        .toSorted((a, b) => (a.userId < b.userId ? -1 : 1)),
    ).toEqual(
      [bob, carol]
        .map(({ id: userId }) => ({ userId, readSeq: 2, log: head?.log }))
        .toSorted((a, b) => (a.userId < b.userId ? -1 : 1)),
    );
    await resumed.cut();
  });

  test('receipts never move back or beyond the end, and do nothing in another log or in a chat of which the user is not a member', async () => {
    const [carol] = (await rig.people(1)) as [TestPerson];
    const [id, foreign] = [await rig.group(ann, [bob, carol]), await rig.group(ann, [])];
    const device = await rig.open(bob);
    const marks = [
      { channelId: id, readSeq: 2 },
      { channelId: id, readSeq: 1 },
      { channelId: id, readSeq: 900, log: crypto.randomUUID() },
      { channelId: id, readSeq: 900, log: 'no log' },
      { channelId: foreign, readSeq: 1 },
      { channelId: 2_000_000_000, readSeq: 1 },
    ];
    for (const { channelId, ...receipt } of marks) await device.post({ channelId, receipt });
    await device.find(receiptOf(bob.id, 2));
    await device.post({ channelId: id, receipt: { readSeq: 900 } });
    await until(async () => (await readSeqOf(id, bob)) === 2);
    expect(await rig.sql('SELECT FROM chat.member WHERE channel_id = $1 AND user_id = $2', [foreign, bob.id])).toEqual(
      [],
    );
    await device.cut();
  });

  test('receipts reach the database even if the owning server is killed before it saves them', () =>
    withOwner(async (owner) => {
      const id = await rig.group(ann, [bob]);
      await rig.trio.place(id, owner);
      const device = await rig.open(bob);
      const { seq } = await device.post(words(id));
      await until(async () => (await rig.metric('parley_receipts_unsaved{state="sent"}')) === 0);
      const relays = await rig.metric('parley_relays');
      owner.kill('SIGSTOP');
      await device.post({ channelId: id, receipt: { readSeq: seq } });
      // On a busy machine, the silent relay may end before its receipt is seen on the way.
      const isSent = async () => (await rig.metric('parley_receipts_unsaved{state="sent"}')) === 1;
      await until(async () => (await isSent()) || (await rig.metric('parley_relays')) < relays);
      owner.kill('SIGKILL');
      await until(async () => (await readSeqOf(id, bob)) === seq);
      await until(async () => (await rig.metric('parley_receipts_unsaved{state="sent"}')) === 0);
      await device.cut();
    }));

  test('receipts of too many chats are refused while the database is busy, and saved later', async () => {
    const id = await rig.group(ann, [bob]);
    const device = await rig.open(bob);
    const pool = openTestPool(rig.trio.database.ownerUrl);
    await transaction(pool, async (client) => {
      await client.query('LOCK TABLE chat.channel_head IN ACCESS EXCLUSIVE MODE');
      await device.post({ channelId: id, receipt: { readSeq: 1 } });
      for (let channelId = 1_000_000, reason: string | undefined; reason !== 'too-busy'; channelId++)
        reason = await noteSlowly(device, channelId);
      expect(await rig.metric('parley_receipts_unsaved{state="waiting"}')).toBe(1_000);
    });
    await until(async () => (await rig.metric('parley_receipts_unsaved{state="waiting"}')) === 0);
    expect(await readSeqOf(id, bob)).toBe(1);
    await pool.end();
    await device.cut();
  });
});

describe('presence', () => {
  test('presence begins with the first session in a chat with an owning server, and ends after the last one', async () => {
    const id = await rig.group(ann, [bob]);
    const stream = await rig.trio.join(ann, id);
    const device = await rig.open(bob);
    await stream.find(({ presence }) => presence?.came[0]?.id === bob.id);
    const second = await rig.open(bob);
    await device.cut();
    await second.post(words(id));
    expect(stream.messages.some(({ presence }) => presence?.went[0]?.id === bob.id)).toBe(false);
    await second.cut();
    await stream.find(({ presence }) => presence?.went[0]?.id === bob.id);
    await stream.leave();
  });

  test('presence does not place a chat, and follows a chat to its next owning server', () =>
    withOwner(async (first) => {
      const id = await rig.group(ann, [bob]);
      const device = await rig.open(bob);
      expect(await isOwned(id)).toBe(false);
      await rig.trio.place(id, first);
      const stream = await rig.trio.join(ann, id);
      await stream.find(({ presence }) => presence?.came[0]?.id === bob.id);
      first.kill('SIGKILL');
      await first.exited;
      const lapsed = 'SELECT FROM chat.server WHERE addr = $1 AND lease_until < now()';
      await until(async () => (await rig.sql(lapsed, [first.grpc])).length > 0);
      const next = await rig.joinAgain(ann, id);
      const isBob = ({ id: userId }: { readonly id: string }) => userId === bob.id;
      await next.find(({ welcome, presence }) =>
        [...(presence?.came ?? []), ...(welcome?.channel?.users ?? [])].some(isBob),
      );
      await device.cut();
      await next.leave();
    }));

  test('presence ends in a chat that the user leaves, and returns with the user', async () => {
    const id = await rig.group(ann, [bob]);
    const stream = await rig.trio.join(ann, id);
    const device = await rig.open(bob);
    await stream.find(({ presence }) => presence?.came[0]?.id === bob.id);
    await rig.trio.changeMember(ann, { channelId: id, userId: bob.id, remove: true });
    await stream.find(({ presence }) => presence?.went[0]?.id === bob.id);
    const before = stream.messages.length;
    await rig.trio.changeMember(ann, { channelId: id, userId: bob.id, add: true });
    await stream.find(
      (message) => message.presence?.came[0]?.id === bob.id && stream.messages.indexOf(message) >= before,
    );
    await device.cut();
    await stream.leave();
  });

  test('presence is not shown in a large chat', async () => {
    const crowd = await rig.people(100);
    const id = await rig.group(ann, crowd);
    const [large, small] = [
      await rig.trio.join(ann, id),
      await rig.trio.join(bob, await rig.group(bob, [crowd[0] as TestPerson])),
    ];
    const device = await rig.open(crowd[0] as TestPerson);
    await small.find(({ presence }) => presence?.came[0]?.id === crowd[0]?.id);
    expect(large.messages.filter(({ presence }) => presence?.came[0]?.id === crowd[0]?.id)).toEqual([]);
    await device.cut();
    await Promise.all([large.leave(), small.leave()]);
  });
});

test('typing places a chat, and a session that has ended cannot type', async () => {
  const id = await rig.group(ann, [bob]);
  const device = await rig.open(ann);
  expect(await rig.post(bob, { channelId: id, typing: {} })).toMatchObject({ seq: 0, refusal: undefined });
  await until(() => isOwned(id));
  await rig.sql('UPDATE chat.session SET revoked_at = now() WHERE user_id = $1', [bob.id]);
  await expect(rig.post(bob, { channelId: id, typing: {} })).rejects.toMatchObject({ reason: 'logged-out' });
  await device.cut();
});
