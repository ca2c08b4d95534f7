import { refuse } from '@parley/runtime/refusal';
import { FakeGateway, type FakeInboxStream, logEnd, pass } from './fake-gateway.js';
import type { InboxListener } from './rig.js';

const { jest } = import.meta;
let gateway: FakeGateway;
let listener: InboxListener;
/** The stream at the gateway that drains. */
let old: FakeInboxStream;

beforeEach(async () => {
  jest.useFakeTimers();
  gateway = new FakeGateway();
  listener = await gateway.begin([logEnd(1, 4)]);
  old = gateway.stream;
});
afterEach(() => jest.useRealTimers());

/** Announces that the gateway drains. Returns the stream that the client opens next. */
function announce(): FakeInboxStream {
  old.tell({ draining: { endsInMs: 5_000 } });
  return gateway.stream;
}

/** Says something in chat 2, which has no history. */
const sayUnstored = (stream: FakeInboxStream, seq: number, timestamp: number) =>
  stream.tell({ message: { channelId: 2, seq, sender: 'bob', timestamp, data: Buffer.from(`m${seq}`) } });

test('moves from a draining gateway without a lost connection, and shows each entry once', async () => {
  old.say(1, 5);
  const next = announce();
  expect(next).not.toBe(old);
  expect(next.options.watch).toMatchObject({ after: 'p0', seen: [logEnd(1, 5)] });
  old.say(1, 6);
  old.tell({ notification: { id: 9, kind: 1 } });
  old.ping('p1');
  await pass();
  expect(listener.brief).toEqual(['connected', '1:5', '1:6']); // The next stream is not open yet.
  next.welcome(logEnd(1, 7));
  next.say(1, 6, 7);
  next.tell({ notification: { id: 9, kind: 1 } });
  old.say(1, 7, 8);
  next.say(1, 8);
  await pass();
  expect(listener.brief).toEqual(['connected', '1:5', '1:6', '1:7', 'notification', '1:8']);
  expect(listener.inbox.place).toEqual({ after: 'p0', seen: [logEnd(1, 8)] });
  await pass(60_000);
  expect(gateway.streams).toHaveLength(2);
});

test('shows events that no resume repeats at once, and only once', async () => {
  const next = announce();
  sayUnstored(old, 1, 100);
  old.tell({ message: { channelId: 1, typing: { userId: 'bob' } } });
  sayUnstored(old, 2, 101);
  await pass();
  expect(listener.brief).toEqual(['connected', '2:1', '1:typing', '2:2']);
  next.welcome(logEnd(1, 4));
  for (const [seq, timestamp] of [
    [2, 101],
    [3, 102],
    [1, 103], // Another chat server owns the chat now.
  ] as const)
    sayUnstored(next, seq, timestamp);
  await pass();
  expect(listener.brief).toEqual(['connected', '2:1', '1:typing', '2:2', '2:3', '2:1']);
});

test('holds back the entries of a chat that the user joins during the move', async () => {
  const next = announce();
  old.tell({ added: { id: 3, log: 'n' } });
  old.say(3, 1);
  await pass();
  expect(listener.brief).toEqual(['connected']);
  next.welcome(logEnd(1, 4));
  next.tell({ added: { id: 3, log: 'n' } });
  next.say(3, 1, 2);
  await pass();
  expect(listener.brief).toEqual(['connected', 'added', '3:1', '3:2']);
});

test('posts that have no ack are sent again to the next gateway, and their late acks count', async () => {
  const [first, second] = [listener.inbox.post(1, 'one'), listener.inbox.post(5, 'two')];
  const next = announce();
  const [one, two] = old.posts;
  old.ack(one, { seq: 5 });
  await expect(first).resolves.toMatchObject({ seq: 5 });
  next.welcome(logEnd(1, 5));
  expect(next.posts).toEqual([two]);
  old.ack(two, { seq: 1 });
  await expect(second).resolves.toMatchObject({ seq: 1 });
});

test('shows a gap and another log before the next stream has begun, and only once', async () => {
  gateway.logs.set(1, { log: 'l', seqs: [5, 6] });
  const next = announce();
  old.tell({ gap: { channelId: 1, log: 'l', from: 5, to: 6 } });
  old.say(1, 7);
  old.tell({ chatReset: { channelId: 1, log: 'other' } });
  old.say(1, 1);
  await pass();
  const shown = ['connected', '1:filled 5-6', '1:5', '1:6', '1:7', '1:chat-reset', '1:1'];
  expect(listener.brief).toEqual(shown);
  next.welcome(logEnd(1, 1, 'other'));
  next.tell({ chatReset: { channelId: 1, log: 'other' } });
  next.say(1, 1, 2);
  await pass();
  expect(listener.brief).toEqual([...shown, '1:2']);
});

test('shows the entries of a chat before the user was removed from it, and the removal, only once', async () => {
  const next = announce();
  old.say(1, 5);
  old.tell({ removed: { id: 1 } });
  await pass();
  expect(listener.brief).toEqual(['connected', '1:5']);
  next.welcome();
  next.say(1, 5);
  next.tell({ removed: { id: 1 } });
  await pass();
  expect(listener.brief).toEqual(['connected', '1:5', '1:removed']);
});

test('stays at a draining gateway while no other gateway accepts it, and tries again', async () => {
  const refused = announce();
  old.say(1, 5);
  refused.end(refuse('draining', { retryAfterMs: 400 }));
  await pass();
  expect(listener.brief).toEqual(['connected', '1:5']);
  old.say(1, 6);
  await pass(300);
  expect(gateway.streams).toHaveLength(2);
  await pass(200);
  expect(gateway.streams).toHaveLength(3);
  expect(gateway.stream.options.watch.seen).toEqual([logEnd(1, 6)]);
  gateway.stream.welcome(logEnd(1, 6));
  await pass();
  expect(listener.brief).toEqual(['connected', '1:5', '1:6']);
});

test('resumes as after any lost connection if no gateway has accepted it in time', async () => {
  announce().end(refuse('too-many-inboxes'));
  await pass(4_000);
  expect(gateway.streams).toHaveLength(2);
  old.say(1, 5);
  old.end(refuse('draining', { retryAfterMs: 100 }));
  while (gateway.streams.length === 2) await pass(100);
  expect(gateway.stream.options.watch.seen).toEqual([logEnd(1, 5)]);
  gateway.stream.welcome(logEnd(1, 5));
  await pass();
  expect(listener.brief).toEqual(['connected', '1:5', 'reconnecting', 'connected']);
});

test('continues with the next stream if the current one ends first', async () => {
  const next = announce();
  old.say(1, 5);
  old.end(refuse('draining'));
  await pass(10);
  expect(gateway.streams).toHaveLength(2);
  next.welcome(logEnd(1, 5));
  next.say(1, 5);
  await pass();
  expect(listener.brief).toEqual(['connected', '1:5']);
});

test('leaves both streams when it is closed during a move', async () => {
  const next = announce();
  await listener.inbox.close();
  await pass(60_000);
  expect([next.cut, gateway.streams.length, listener.brief.at(-1)]).toEqual([true, 2, 'ended']);
});
