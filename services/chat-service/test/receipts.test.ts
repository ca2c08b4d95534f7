import { randomUUID } from 'node:crypto';
import { Client, credentials } from '@grpc/grpc-js';
import {
  ChangeMemberRequest,
  Channel,
  ChannelKind,
  ChannelService,
  ChatService,
  Message,
  Receipt,
  UpdateReceiptRequest,
} from '@parley/contract';
import { Chatter, callPatiently, type TestPerson, Trio, until } from '@parley/testkit';

let trio: Trio;
let ann: TestPerson;
let bob: TestPerson;
let carol: TestPerson;
let tests = 0;

const withinMs = 30_000;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
});
afterAll(() => trio.stop());
beforeEach(async () => {
  tests += 1;
  [ann, bob, carol] = (await trio.people.makeMany(`reader-${tests}`, 3)) as [TestPerson, TestPerson, TestPerson];
});

async function chat(fields: Partial<Channel> = {}): Promise<number> {
  const channel = Channel.fromPartial({ name: `chat ${tests}`, limit: 200, kind: ChannelKind.GROUP, ...fields });
  const { id } = await callPatiently(trio.manager(), ChannelService.create, channel, { token: ann.token, withinMs });
  for (const { id: userId } of [bob, carol]) await change(id, { userId, add: true });
  return id;
}

function change(channelId: number, fields: Partial<ChangeMemberRequest>) {
  const request = ChangeMemberRequest.fromPartial({ channelId, ...fields });
  return callPatiently(trio.manager(), ChannelService.changeMember, request, { token: ann.token, withinMs });
}

function update({ token }: TestPerson, fields: Partial<UpdateReceiptRequest>) {
  return callPatiently(trio.manager(), ChannelService.updateReceipt, UpdateReceiptRequest.fromPartial(fields), {
    token,
    withinMs,
  });
}

/** Sends messages and returns the seq of the last one. */
async function say(stream: Chatter, count: number): Promise<number> {
  let seq = 0;
  for (let n = 0; n < count; n++) {
    const clientId = randomUUID();
    stream.send('words', { clientId });
    seq = (await stream.find(({ ack }) => ack?.clientId === clientId)).ack?.seq ?? 0;
  }
  return seq;
}

function acknowledge(stream: Chatter, fields: Partial<Receipt>): void {
  stream.send('', { receipt: Receipt.fromPartial(fields) });
}

const receiptsOf = (stream: Chatter) => stream.messages.flatMap(({ receipt }) => receipt ?? []);

async function stored({ id: userId }: TestPerson, channelId: number) {
  const rows = await trio.people.sql(
    'SELECT delivered_seq AS delivered, read_seq AS read FROM chat.member WHERE channel_id = $1 AND user_id = $2',
    [channelId, userId],
  );
  return rows[0];
}

async function waitForStored(who: TestPerson, channelId: number, expected: object): Promise<void> {
  await until(async () => JSON.stringify(await stored(who, channelId)) === JSON.stringify(expected));
}

test('a receipt is stored and shown to everyone in a small chat, with the sender set by the server', async () => {
  const id = await chat();
  const [a, b] = [await trio.join(ann, id), await trio.join(bob, id)];
  const seq = await say(a, 3);
  acknowledge(b, { userId: carol.id, deliveredSeq: seq, readSeq: seq - 1 });
  const { receipt } = await a.find((message) => message.receipt?.deliveredSeq === seq);
  expect(receipt).toMatchObject({ userId: bob.id, deliveredSeq: seq, readSeq: seq - 1 });
  await waitForStored(bob, id, { delivered: seq, read: seq - 1 });
  expect(await stored(carol, id)).toEqual({ delivered: 0, read: 0 });
  await Promise.all([a.leave(), b.leave()]);
});

test('receipts never go back, never pass the end of the log, and reading implies delivery', async () => {
  const id = await chat();
  const a = await trio.join(ann, id);
  const b = await trio.join(bob, id);
  const seq = await say(a, 5);
  acknowledge(b, { readSeq: seq - 1 });
  await waitForStored(bob, id, { delivered: seq - 1, read: seq - 1 });
  acknowledge(b, { deliveredSeq: 1, readSeq: 1 });
  acknowledge(b, { deliveredSeq: seq + 1_000, readSeq: 0 });
  await waitForStored(bob, id, { delivered: seq, read: seq - 1 });
  acknowledge(b, { readSeq: seq, log: randomUUID() });
  acknowledge(b, { readSeq: seq - 2 });
  acknowledge(b, { deliveredSeq: Number.MAX_SAFE_INTEGER });
  await say(a, 1);
  acknowledge(b, { deliveredSeq: seq + 1 });
  await waitForStored(bob, id, { delivered: seq + 1, read: seq - 1 });
  await Promise.all([a.leave(), b.leave()]);
});

test('reading on one device is shown to the other devices of a user who reads in private, and to nobody else', async () => {
  const id = await chat();
  await trio.people.sql('UPDATE chat.users SET private_reads = true WHERE id = $1', [bob.id]);
  const a = await trio.join(ann, id);
  const [b, other] = [await trio.join(bob, id), await trio.join(bob, id)];
  const seq = await say(a, 2);
  acknowledge(b, { readSeq: seq });
  expect((await other.find(({ receipt }) => receipt !== undefined)).receipt).toMatchObject({ readSeq: seq });
  acknowledge(a, { readSeq: seq });
  await a.find(({ receipt }) => receipt?.userId === ann.id);
  expect(receiptsOf(a).map(({ userId }) => userId)).toEqual([ann.id]);
  await Promise.all([a, b, other].map((stream) => stream.leave()));
});

test('streams show the receipts that UpdateReceipt moves, to those who may see them, and never an older one', async () => {
  const id = await chat();
  await trio.people.sql('UPDATE chat.users SET private_reads = true WHERE id = $1', [carol.id]);
  const [a, c] = [await trio.join(ann, id), await trio.join(carol, id)];
  const seq = await say(a, 4);
  const { log = '' } = (await a.find(({ welcome }) => welcome !== undefined)).welcome ?? {};
  for (const readSeq of [seq - 2, seq, seq - 1]) await update(bob, { channelId: id, log, readSeq });
  await a.find(({ receipt }) => receipt?.userId === bob.id && receipt.readSeq === seq);
  await update(carol, { channelId: id, log, readSeq: seq - 1 });
  await c.find(({ receipt }) => receipt?.userId === carol.id && receipt.readSeq === seq - 1);
  await update(bob, { channelId: id, log, markedUnread: true });
  acknowledge(a, { readSeq: seq });
  await a.find(({ receipt }) => receipt?.userId === ann.id);
  const seen = receiptsOf(a).filter(({ userId }) => userId !== ann.id);
  expect(new Set(seen.map(({ userId }) => userId))).toEqual(new Set([bob.id]));
  const seqs = seen.map(({ readSeq }) => readSeq);
  expect(seqs).toEqual([...seqs].sort((one, other) => one - other));
  expect(seen.at(-1)).toMatchObject({ deliveredSeq: seq, readSeq: seq, log });
  await Promise.all([a.leave(), c.leave()]);
});

test('a chat of more than 100 members shows receipts to the same user only', async () => {
  const id = await chat();
  await trio.people.sql(
    `INSERT INTO chat.users (id, name, password_hash) SELECT 'extra-' || $1::int || '-' || n, 'x', '!' FROM generate_series(1, 98) n`,
    [tests],
  );
  await trio.people.sql(
    `INSERT INTO chat.member (channel_id, user_id, joined_seq) SELECT $1, 'extra-' || $2::int || '-' || n, 0 FROM generate_series(1, 98) n`,
    [id, tests],
  );
  const [a, b] = [await trio.join(ann, id), await trio.join(bob, id)];
  const seq = await say(a, 2);
  acknowledge(b, { readSeq: seq });
  await b.find(({ receipt }) => receipt?.readSeq === seq);
  await say(a, 1);
  expect(receiptsOf(a)).toEqual([]);
  await Promise.all([a.leave(), b.leave()]);
});

test('receipts of a removed member end at the removal, and reading further removes a mark as unread', async () => {
  const id = await chat();
  const [a, b, c] = [await trio.join(ann, id), await trio.join(bob, id), await trio.join(carol, id)];
  const seq = await say(a, 2);
  await trio.people.sql(
    'UPDATE chat.member SET marked_unread = true, read_seq = 1, delivered_seq = 1 WHERE user_id = $1',
    [carol.id],
  );
  acknowledge(c, { deliveredSeq: seq });
  await waitForStored(carol, id, { delivered: seq, read: 1 });
  const marked = () =>
    trio.people.sql('SELECT marked_unread AS unread FROM chat.member WHERE user_id = $1', [carol.id]);
  expect(await marked()).toEqual([{ unread: true }]);
  acknowledge(c, { readSeq: seq });
  await waitForStored(carol, id, { delivered: seq, read: seq });
  expect(await marked()).toEqual([{ unread: false }]);
  await change(id, { userId: bob.id, remove: true });
  await b.ended;
  await say(a, 2);
  const rows = await trio.people.sql('SELECT left_seq FROM chat.member WHERE channel_id = $1 AND user_id = $2', [
    id,
    bob.id,
  ]);
  const left = Number(rows[0]?.left_seq);
  expect(Number((await stored(bob, id))?.read)).toBeLessThanOrEqual(left);
  await Promise.all([a.leave(), c.leave()]);
});

test('reading again by UpdateReceipt removes the mark as unread and shows nothing; a receipt that does not move leaves the mark', async () => {
  const id = await chat();
  const [a, b] = [await trio.join(ann, id), await trio.join(bob, id)];
  const seq = await say(a, 3);
  const { log = '' } = (await a.find(({ welcome }) => welcome !== undefined)).welcome ?? {};
  acknowledge(b, { readSeq: seq - 1 });
  await a.find(({ receipt }) => receipt?.readSeq === seq - 1);
  await update(bob, { channelId: id, log, markedUnread: true });
  const isMarked = async () =>
    (await trio.people.sql('SELECT marked_unread AS marked FROM chat.member WHERE user_id = $1', [bob.id]))[0]?.marked;
  for (const readSeq of [seq - 2, seq - 1]) acknowledge(b, { readSeq });
  acknowledge(b, { deliveredSeq: seq });
  await waitForStored(bob, id, { delivered: seq, read: seq - 1 });
  expect(await isMarked()).toBe(true);
  expect(await update(bob, { channelId: id, log, readSeq: seq - 2 })).toMatchObject({ markedUnread: true });
  expect(await update(bob, { channelId: id, log, readSeq: seq - 1 })).toMatchObject({ markedUnread: false });
  acknowledge(b, { readSeq: seq });
  await a.find(({ receipt }) => receipt?.readSeq === seq);
  expect(receiptsOf(a).map(({ deliveredSeq, readSeq }) => [deliveredSeq, readSeq])).toEqual([
    [seq - 1, seq - 1],
    [seq, seq - 1],
    [seq, seq],
  ]);
  await Promise.all([a.leave(), b.leave()]);
});

test('a receipt that is saved after its user has marked the chat as unread leaves the mark, also if it is repeated', async () => {
  const id = await chat();
  const [a, b] = [await trio.join(ann, id), await trio.join(bob, id)];
  const seq = await say(a, 3);
  const { log = '' } = (await a.find(({ welcome }) => welcome !== undefined)).welcome ?? {};
  acknowledge(b, { readSeq: seq });
  b.send('', { ping: { sentAt: 1, lastSeq: 0 } });
  await b.find(({ pong }) => pong !== undefined);
  await update(bob, { channelId: id, log, readSeq: seq, markedUnread: true });
  acknowledge(a, { readSeq: seq });
  await a.find(({ receipt }) => receipt?.userId === ann.id); // It is not saved before that of Bob.
  const now = () => update(bob, { channelId: id });
  expect(await now()).toMatchObject({ markedUnread: true, mine: { readSeq: seq } });
  const save = (read: number) =>
    trio.people.sql(
      'SELECT read_seq::int AS read, told FROM chat.save_receipts(ARRAY[$1::int], ARRAY[$2::uuid], ARRAY[$3], ARRAY[$4::bigint], ARRAY[$4::bigint], 100)',
      [id, log, bob.id, read],
    );
  for (const late of [seq - 1, seq, seq]) expect(await save(late)).toEqual([]);
  expect(await now()).toMatchObject({ markedUnread: true });
  const newest = await say(a, 1);
  expect(await save(newest)).toEqual([{ read: newest, told: true }]);
  expect(await now()).toMatchObject({ markedUnread: false });
  await Promise.all([a.leave(), b.leave()]);
});

test('Send carries a receipt, and rooms and channels without history ignore them', async () => {
  const id = await chat();
  const a = await trio.join(ann, id);
  const seq = await say(a, 2);
  const listened = await trio.listen(bob, id);
  const b = new Chatter(listened, { events: true });
  await b.find(({ welcome }) => welcome !== undefined);
  const message = Message.fromPartial({ receipt: { readSeq: seq } });
  const server = new Client(listened.server?.addr ?? '', credentials.createInsecure());
  await callPatiently(server, ChatService.send, message, { token: listened.token, withinMs });
  server.close();
  await waitForStored(bob, id, { delivered: seq, read: seq });
  const { id: room } = await trio.create(ann, 'a room');
  const r = await trio.join(carol, room);
  acknowledge(r, { readSeq: 1 });
  const clientId = randomUUID();
  r.send('still here', { clientId });
  expect((await r.find(({ ack }) => ack?.clientId === clientId)).ack?.refusal).toBeUndefined();
  await Promise.all([a, b, r].map((stream) => stream.leave()));
});

test('receipts sent right before the server stops are stored, and its users were last seen then', async () => {
  const id = await chat();
  const [a, b] = [await trio.join(ann, id), await trio.join(bob, id)];
  const seq = await say(a, 4);
  acknowledge(b, { readSeq: seq });
  b.send('', { ping: { sentAt: 1, lastSeq: 0 } });
  await b.find(({ pong }) => pong !== undefined);
  await trio.chatServers[0]?.stop();
  expect(await stored(bob, id)).toEqual({ delivered: seq, read: seq });
  const seen = 'SELECT last_seen_at > created_at AS seen FROM chat.users WHERE id = ANY ($1)';
  expect(await trio.people.sql(seen, [[ann.id, bob.id]])).toEqual([{ seen: true }, { seen: true }]);
});
