import {
  type Channel,
  ChannelKind,
  ChannelService,
  Channel as ChannelType,
  Kind,
  OverviewRequest,
} from '@parley/contract';
import { callUnary } from '@parley/rpc';
import { type Chatter, callPatiently, type ServiceProcess, type TestPerson, Trio, until, utf8 } from '@parley/testkit';
import { InboxClient, watchInPage } from './inbox-client.js';
import { beginWrite, say } from './inbox-rig.js';

let trio: Trio;
let gateway: ServiceProcess;
let ann: TestPerson;
let bob: TestPerson;
let names = 0;

beforeAll(async () => {
  trio = await Trio.start();
  gateway = await trio.startGateway();
});
afterAll(() => trio.stop());

beforeEach(async () => {
  names += 1;
  ann = await trio.people.make(`ann${names}`);
  bob = await trio.people.make(`bob${names}`);
});

/** Creates a group with an owner and members. */
async function group(owner: TestPerson, members: readonly TestPerson[], more: Partial<Channel> = {}): Promise<number> {
  const fields = ChannelType.fromPartial({ name: `group ${names}`, kind: ChannelKind.GROUP, ...more });
  const options = { token: owner.token, withinMs: 30_000 };
  const { id } = await callPatiently(trio.manager(), ChannelService.create, fields, options);
  for (const { id: userId } of members) await trio.changeMember(owner, { channelId: id, userId, add: true });
  return id;
}

/** Joins until the channel has moved to a live chat server. */
async function joinAgain(id: number): Promise<Chatter> {
  try {
    return await trio.join(ann, id);
  } catch {
    return joinAgain(id);
  }
}

const open = (person: TestPerson, watch = {}) => InboxClient.open(gateway.grpc, person, watch);

test('two devices receive the messages of three chats, each chat in order', async () => {
  const chats = [await group(ann, [bob]), await group(ann, [bob]), await group(bob, [ann])];
  const devices = [await open(bob), await open(bob)];
  expect(devices[0]?.events[0]).toMatchObject({
    welcome: { me: { id: bob.id, number: bob.number }, pingEveryMs: 25_000 },
  });
  const streams = await Promise.all(chats.map((id) => trio.join(ann, id)));
  for (let n = 1; n <= 20; n++) await Promise.all(streams.map((stream) => say(stream, `text ${n}`)));
  for (const device of devices) {
    for (const id of chats) {
      await device.find(({ message }) => message?.channelId === id && message.data.toString() === 'text 20');
      expect(device.texts(id)).toEqual(Array.from({ length: 20 }, (_, at) => `text ${at + 1}`));
    }
    await device.cut();
  }
});

test('the welcome names the end of the log of each chat with history', async () => {
  const [id, left, fleeting] = [
    await group(ann, [bob]),
    await group(ann, [bob]),
    await group(ann, [bob], { retention: { nothing: true, maxCount: 0 } }),
  ];
  await trio.changeMember(ann, { channelId: left, userId: bob.id, remove: true });
  await say(await trio.join(ann, id), 'hello');
  const { chats } = await trio.overview(bob);
  const log = chats.find(({ channel }) => channel?.id === id)?.log;
  const inbox = await open(bob);
  expect(inbox.events[0]?.welcome?.chats).toEqual([{ channelId: id, log, seq: 2 }]);
  expect(chats.map(({ channel }) => channel?.id)).toContain(fleeting);
  await inbox.cut();
});

test('a removed member sees the entry of the removal and nothing after it, and a returning one sees the entries from the return', async () => {
  const id = await group(ann, [bob]);
  const stream = await trio.join(ann, id);
  await say(stream, 'before');
  const inbox = await open(bob);
  await say(stream, 'seen');
  await trio.changeMember(ann, { channelId: id, userId: bob.id, remove: true });
  await say(stream, 'hidden');
  await inbox.find(({ removed }) => removed?.id === id);
  await trio.changeMember(ann, { channelId: id, userId: bob.id, add: true });
  await say(stream, 'back');
  await inbox.find(({ message }) => message?.data.toString() === 'back');
  expect(inbox.seqs(id)).toEqual([3, 4, 6, 7]);
  expect(inbox.texts(id)).not.toContain('hidden');
  const kinds = inbox.events
    .map(({ added, removed, message }) => (added ? 'added' : removed ? 'removed' : message?.seq))
    .filter(Boolean);
  expect(kinds).toEqual([3, 4, 'removed', 'added', 6, 7]);
  await inbox.cut();
});

test.each(['binary', 'text'])('a page watches its inbox over gRPC-Web, in %s form', async (form) => {
  const id = await group(ann, [bob]);
  const page = watchInPage(gateway.http, bob, '', form === 'text');
  await page.find(({ id: position }) => position !== '');
  await say(await trio.join(ann, id), 'hello');
  await page.find(({ message }) => message?.channelId === id && utf8(message.data) === 'hello');
  page.cancel();
  const refused = watchInPage(gateway.http, bob, 'nonsense', form === 'text');
  expect(await refused.ended).toMatchObject({ 'chat-reason': 'invalid-position' });
});

test('malformed positions and those of other users are refused, and future and old ones are reset', async () => {
  const inbox = await open(bob);
  const [, txid = '', at = '', life = '', number = ''] = inbox.position.split('-');
  const wrong = [
    'x',
    `${inbox.position}x`,
    '1-1-1-1',
    `1-${txid}-${at}-${life}-${Number(number) + 1}`,
    `2${inbox.position.slice(1)}`,
    'x'.repeat(10_000),
  ];
  for (const after of wrong) {
    const refused = new InboxClient(gateway.grpc, bob, { after });
    expect(await refused.ended).toMatchObject({ reason: 'invalid-position' });
  }
  const shifted = (by: number) => String(Number(at) + by);
  const lost = [
    `1-${txid}-${shifted(3_600_000_000)}-${life}-${number}`,
    `1-${txid}-${shifted(-601_000_000)}-${life}-${number}`,
    `1-${Number(txid) + 1_000_000}-${at}-${life}-${number}`,
    `1-${txid}-${at}-${Number(life) - 1}-${number}`,
  ];
  for (const after of lost) {
    const reset = await open(bob, { after });
    expect(reset.events[1]).toMatchObject({ reset: true });
    await reset.cut();
  }
  await inbox.cut();
});

test('clients stay connected when a chat server is killed, and get its messages and the messages of the next server', async () => {
  const id = await group(ann, [bob]);
  const inbox = await open(bob);
  const owner = await trio.addChatServer();
  await trio.place(id, owner);
  await say(await trio.join(ann, id), 'before the kill');
  owner.kill('SIGKILL');
  await owner.exited;
  const [next] = trio.chatServers;
  if (next === undefined) throw new Error('There is no other chat server.');
  await until(
    async () =>
      (await trio.people.sql('SELECT FROM chat.server WHERE addr = $1 AND lease_until < now()', [owner.grpc])).length >
      0,
  );
  await say(await joinAgain(id), 'after the kill');
  await inbox.find(({ message }) => message?.data.toString() === 'after the kill');
  expect(inbox.texts(id)).toEqual(['before the kill', 'after the kill']);
  expect(inbox.seqs(id)).toEqual([2, 3]);
  await inbox.cut();
});

test('a session that ends closes its inbox, and a user has at most 20', async () => {
  const inboxes = await Promise.all(Array.from({ length: 20 }, () => open(bob)));
  const refused = new InboxClient(gateway.grpc, bob);
  expect(await refused.ended).toMatchObject({ reason: 'too-many-inboxes' });
  await trio.people.sql('UPDATE chat.session SET revoked_at = now() WHERE id = $1', [bob.sessionId]);
  for (const inbox of inboxes) expect(await inbox.ended).toMatchObject({ reason: 'logged-out' });
});

test('with closed history, an edit of a message from before the join has no text', async () => {
  const id = await group(ann, [], { closedHistory: true });
  const stream = await trio.join(ann, id);
  await say(stream, 'secret');
  await trio.changeMember(ann, { channelId: id, userId: bob.id, add: true });
  const [bobs, anns] = [await open(bob), await open(ann)];
  const clientId = crypto.randomUUID();
  stream.send('secret, edited', { clientId, kind: Kind.EDIT, targetSeq: 1 });
  await stream.find(({ ack }) => ack?.clientId === clientId);
  for (const [inbox, text] of [
    [bobs, ''],
    [anns, 'secret, edited'],
  ] as const) {
    const { message } = await inbox.entry(id, 3);
    expect(utf8(message?.data ?? Buffer.alloc(0))).toBe(text);
    await inbox.cut();
  }
});

test('an inbox continues from Overview, without the entries that Overview has', async () => {
  const id = await group(ann, [bob]);
  const stream = await trio.join(ann, id);
  await say(stream, 'in Overview');
  const request = OverviewRequest.fromPartial({});
  const overview = await callUnary(trio.manager(), ChannelService.overview, request, {
    token: bob.token,
    withinMs: 30_000,
  });
  await say(stream, 'after Overview');
  const seen = overview.chats.map(({ channel, log }) => ({ channelId: channel?.id, log, seq: channel?.lastSeq }));
  const [exact, repeating] = [
    await open(bob, { after: overview.inbox, seen }),
    await open(bob, { after: overview.inbox }),
  ];
  expect(exact.texts(id)).toEqual(['after Overview']);
  expect(repeating.texts(id)).toContain('after Overview');
  await Promise.all([exact.cut(), repeating.cut()]);
});

test('an inbox shows entries that retention has deleted as a gap, and a new log as a reset of its chat', async () => {
  const id = await group(ann, [bob]);
  const inbox = await open(bob);
  await trio.people.sql('UPDATE chat.channel_head SET last_seq = 10 WHERE channel_id = $1', [id]);
  await inbox.find(({ gap }) => gap !== undefined);
  expect(inbox.events.find(({ gap }) => gap !== undefined)?.gap).toMatchObject({ channelId: id, from: 2, to: 10 });
  await trio.people.sql('DELETE FROM chat.message WHERE channel_id = $1', [id]);
  await trio.people.sql('UPDATE chat.channel_head SET last_seq = 0, log_id = gen_random_uuid() WHERE channel_id = $1', [
    id,
  ]);
  const { chatReset } = await inbox.find((event) => event.chatReset !== undefined);
  await say(await trio.join(ann, id), 'in the new log');
  await inbox.entry(id, 1);
  expect(inbox.entries(id)).toHaveLength(1);
  expect(chatReset?.log).not.toBe(inbox.events.find(({ gap }) => gap !== undefined)?.gap?.log);
  await inbox.cut();
});

test('an inbox shows a new log of many entries as a reset of its chat, and then all the entries as a gap', async () => {
  const id = await group(ann, [bob]);
  const inbox = await open(bob);
  await trio.people.sql('DELETE FROM chat.message WHERE channel_id = $1', [id]);
  await trio.people.sql(
    'UPDATE chat.channel_head SET last_seq = 1500, log_id = gen_random_uuid() WHERE channel_id = $1',
    [id],
  );
  const { gap } = await inbox.find((event) => event.gap !== undefined);
  const reset = inbox.events.find(({ chatReset }) => chatReset !== undefined)?.chatReset;
  expect(gap).toEqual({ channelId: id, log: reset?.log, from: 1, to: 1_500 });
  expect(inbox.events.findIndex((event) => event.gap === gap)).toBeGreaterThan(
    inbox.events.findIndex(({ chatReset }) => chatReset === reset),
  );
  await say(await trio.join(ann, id), 'after them');
  await inbox.entry(id, 1_501);
  expect(inbox.entries(id)).toHaveLength(1);
  await inbox.cut();
});

/** Gives a chat a new log: it ceases to have history, and then has one again. */
async function startLog(id: number): Promise<void> {
  for (const retention of [{ nothing: true }, { everything: true }]) await trio.update(ann, { id, retention });
}

/** Runs a function during a transaction whose events might come first. */
async function duringTransaction(run: () => Promise<void>, write?: string): Promise<void> {
  const end = await beginWrite(trio, write);
  await run().finally(end);
}

async function resumesWithNewLogs(): Promise<void> {
  const [id, left] = [await group(ann, [bob]), await group(ann, [bob])];
  const { chats, inbox } = await trio.overview(bob);
  const seen = chats.map(({ channel, log }) => ({ channelId: channel?.id, log, seq: channel?.lastSeq }));
  await trio.changeMember(ann, { channelId: left, userId: bob.id, remove: true });
  for (const chat of [id, left]) await startLog(chat);
  await say(await trio.join(ann, id), 'in the new log');
  const resumed = await open(bob, { after: inbox, seen });
  const told = resumed.events.flatMap(({ chatReset, message, removed }) => {
    if ((chatReset ?? message)?.channelId === id) return [chatReset ? 'reset' : message?.seq];
    return removed?.id ?? [];
  });
  expect(told).toEqual(['reset', 1, left]);
  await resumed.cut();
}

test('a resume reports a new log before its entries, and a removal that it does not contain', resumesWithNewLogs);
test('a resume reports the same while a transaction older than the chats is still running', () =>
  duringTransaction(resumesWithNewLogs));

test('a new member gets all messages since the join, even those from before this gateway knew of the chat', async () => {
  const [inbox, id] = [await open(bob), await group(ann, [])];
  const stream = await trio.join(ann, id);
  await say(stream, 'before the join');
  gateway.kill('SIGSTOP');
  await trio.changeMember(ann, { channelId: id, userId: bob.id, add: true });
  await say(stream, 'right after it');
  gateway.kill('SIGCONT');
  await inbox.entry(id, 3);
  expect(inbox.seqs(id)).toEqual([2, 3]);
  await inbox.cut();
});

test('a member who is removed right before a new log sees nothing of it', async () => {
  const id = await group(ann, [bob]);
  const inbox = await open(bob);
  gateway.kill('SIGSTOP'); // so that it finds both changes at once
  await trio.changeMember(ann, { channelId: id, userId: bob.id, remove: true });
  await startLog(id);
  await say(await trio.join(ann, id), 'hidden');
  gateway.kill('SIGCONT');
  await inbox.find(({ removed }) => removed?.id === id);
  expect(inbox.texts(id)).toEqual([]);
  await inbox.cut();
});

test('a removal in a new log counts before its event can be read', async () => {
  const id = await group(ann, [bob]);
  const inbox = await open(bob);
  await duringTransaction(async () => {
    gateway.kill('SIGSTOP');
    await startLog(id);
    await trio.changeMember(ann, { channelId: id, userId: bob.id, remove: true });
    await say(await trio.join(ann, id), 'hidden');
    gateway.kill('SIGCONT');
    await inbox.find(({ removed }) => removed?.id === id);
  });
  expect(inbox.texts(id)).not.toContain('hidden');
  await inbox.cut();
});

test('a resume without `seen` reports entries that retention has removed as a gap, and does not show them', async () => {
  const id = await group(ann, [bob]);
  const { inbox } = await trio.overview(bob);
  await say(await trio.join(ann, id), 'removed', 'removed too', 'kept');
  await trio.people.sql('UPDATE chat.channel_head SET first_seq = 4 WHERE channel_id = $1', [id]);
  const resumed = await open(bob, { after: inbox });
  expect(resumed.texts(id)).toEqual(['kept']);
  expect(resumed.events.find(({ gap }) => gap !== undefined)?.gap).toMatchObject({ channelId: id, to: 3 });
  await trio.people.sql('UPDATE chat.channel_head SET first_seq = 5 WHERE channel_id = $1', [id]);
  const late = await open(bob, { after: inbox });
  expect(late.texts(id)).toEqual([]);
  expect(late.events.find(({ gap }) => gap !== undefined)?.gap).toMatchObject({ channelId: id, to: 4 });
  await Promise.all([resumed.cut(), late.cut()]);
});

test('a client resumes on another gateway, and one that floods its session is refused', async () => {
  const id = await group(ann, [bob]);
  const stream = await trio.join(ann, id);
  const first = await open(bob);
  await first.cut();
  await say(stream, 'while away');
  const other = await trio.startGateway();
  const second = await InboxClient.open(other.grpc, bob, { after: first.position });
  expect(second.texts(id)).toEqual(['while away']);
  for (let n = 0; n < 1_000; n++) second.command({ pong: { sentAt: n } });
  expect(await second.ended).toMatchObject({ reason: 'send-too-fast' });
});

test('a change in a long transaction is not skipped', async () => {
  const [slow, quick] = [await group(ann, [bob]), await group(ann, [bob])];
  const inbox = await open(bob);
  await duringTransaction(async () => {
    await trio.update(ann, { id: quick, description: 'quick' });
    await say(await trio.join(ann, quick), 'after both changes');
    await inbox.find(({ message }) => message?.channelId === quick && message.seq === 2);
  }, `UPDATE chat.channel SET description = 'slow' WHERE id = ${slow}`);
  for (const id of [slow, quick]) await inbox.find(({ changed }) => changed?.id === id);
  expect(inbox.events.filter(({ changed }) => changed !== undefined)).toHaveLength(2);
  await inbox.cut();
});

/**
 * Waits until the position of an inbox follows all changes so far: a transaction of another test
 * delays those after it.
 */
async function settled(inbox: InboxClient): Promise<void> {
  const [now] = await trio.people.sql('SELECT pg_current_xact_id()::text AS txid');
  await until(() => Number(inbox.position.split('-')[1]) > Number(now?.txid));
}

test('a resume delivers all missed events, and none twice', async () => {
  const [id, other] = [await group(ann, [bob]), await group(ann, [bob])];
  const stream = await trio.join(ann, id);
  const first = await open(bob);
  await say(stream, 'one', 'two');
  await first.entry(id, 3);
  await settled(first);
  await first.cut();
  await say(stream, 'three', 'four');
  const fresh = await group(ann, [bob]);
  const second = await open(bob, { after: first.position });
  await second.entry(fresh, 1); // A transaction of another test can delay the change until the next round.
  expect(second.texts(id)).toEqual(['three', 'four']);
  expect(second.events.flatMap(({ added }) => added?.id ?? [])).toEqual([fresh]);
  expect(second.seqs(fresh)).toEqual([1]);
  expect(second.seqs(other)).toEqual([]);
  await second.cut();
});
