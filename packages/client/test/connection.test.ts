import { Resume } from '@parley/contract';
import { refuse } from '@parley/runtime/refusal';
import type { Conversation, ConversationEvent, ListenOptions } from '../src/index.js';
import { FakeTransport } from './fake-transport.js';
import { Listener } from './rig.js';

const { jest } = import.meta;
let server: FakeTransport;

beforeEach(() => {
  jest.useFakeTimers();
  server = new FakeTransport();
});
afterEach(() => jest.useRealTimers());

/** Lets every ready callback run. */
const settle = () => jest.advanceTimersByTimeAsync(0);

async function enter(lastSeq = 0, options: ListenOptions = {}, more = {}): Promise<Conversation> {
  const entering = server.client().listen(1, options);
  await settle();
  server.stream.welcome(lastSeq, Resume.UNSPECIFIED, more);
  return entering;
}

/** Returns the next stream, after the backoff. */
async function comeBack(lastSeq: number, resume: Resume, more = {}): Promise<void> {
  server.stream.end();
  await jest.advanceTimersByTimeAsync(5_000);
  server.stream.welcome(lastSeq, resume, more);
}

const entries = (events: readonly ConversationEvent[]) => events.map((one) => ('seq' in one ? one.seq : one.type));

test('reconnects and resumes after two and a half silent ping intervals', async () => {
  const conversation = await enter(4, {}, { pingEveryMs: 1_000 });
  server.stream.say(5);
  await jest.advanceTimersByTimeAsync(2_400);
  server.stream.tell({ ping: { sentAt: 7, lastSeq: 5 } });
  expect(server.stream.sent[0]?.pong).toEqual({ sentAt: 7, lastSeq: 5 });
  await jest.advanceTimersByTimeAsync(2_400);
  expect(server.stream.cut).toBe(false);
  await jest.advanceTimersByTimeAsync(200);
  expect(server.streams[0]?.cut).toBe(true);
  await jest.advanceTimersByTimeAsync(300);
  expect(server.stream.options.resume).toEqual({ log: 'l', seq: 5 });
  await conversation.leave();
});

test('reconnect() ends a wait at once and replaces an open stream', async () => {
  server.refusals.push(refuse('no-server', { retryAfterMs: 60_000 }));
  const conversation = server.client().open(1);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(server.streams).toHaveLength(0);
  conversation.reconnect();
  await settle();
  server.stream.welcome(4, Resume.UNSPECIFIED, { maxBytes: 100 });
  expect([server.streams.length, conversation.maxBytes]).toEqual([1, 100]);
  conversation.reconnect();
  await jest.advanceTimersByTimeAsync(300);
  expect([server.streams[0]?.cut, server.streams.length]).toEqual([true, 2]);
  expect(server.stream.options.resume).toEqual({ log: 'l', seq: 4 });
  await conversation.leave();
});

test('leaves a server that does not send a welcome within ten seconds', async () => {
  const entering = server.client().listen(1);
  await jest.advanceTimersByTimeAsync(10_500);
  expect(server.streams).toHaveLength(2);
  server.stream.welcome(0);
  await (await entering).leave();
});

test.each(['no-server', 'listen-too-often'] as const)(
  'waits for the retry time of the refusal %s before it listens again',
  async (reason) => {
    server.refusals.push(refuse(reason, { retryAfterMs: 7_000 }));
    const entering = server.client().listen(1);
    await jest.advanceTimersByTimeAsync(6_999);
    expect(server.streams).toHaveLength(0);
    await jest.advanceTimersByTimeAsync(301);
    server.stream.welcome(0);
    await (await entering).leave();
  },
);

test('listen() rejects for a final refusal, and without `patient` for any refusal', async () => {
  server.refusals.push(refuse('no-server'), refuse('banned'), refuse('channel-full'));
  await expect(server.client().listen(1, { patient: false })).rejects.toMatchObject({ reason: 'no-server' });
  await expect(server.client().listen(1)).rejects.toMatchObject({ reason: 'banned' });
  await expect(server.client().listen(1)).rejects.toMatchObject({ reason: 'channel-full' });
});

test('resends unanswered sends in order with the same client id; the echo counts as an answer', async () => {
  const conversation = await enter();
  const sends = [conversation.send('a'), conversation.send('b')];
  const [first] = server.stream.sent;
  await comeBack(0, Resume.WHOLE);
  const [again] = server.stream.sent;
  expect(again).toEqual(first);
  server.stream.tell({ seq: 1, timestamp: 9, sender: 'ann', clientId: again?.clientId ?? '' });
  await expect(sends[0]).resolves.toEqual({ seq: 1, timestamp: 9 });
  server.stream.tell({ ack: { clientId: server.stream.sent[1]?.clientId ?? '', seq: 2, timestamp: 10 } });
  await expect(sends[1]).resolves.toEqual({ seq: 2, timestamp: 10 });
  await conversation.leave();
});

test("ignores another user's entry with the same client id", async () => {
  const conversation = await enter();
  const sending = conversation.send('a');
  const clientId = server.stream.sent[0]?.clientId ?? '';
  server.stream.tell({ seq: 1, sender: 'bob', clientId });
  server.stream.tell({ ack: { clientId, seq: 2 } });
  await expect(sending).resolves.toMatchObject({ seq: 2 });
  await conversation.leave();
});

test('retries a refused send after the hint, and later messages wait for it', async () => {
  const conversation = await enter();
  const sends = [conversation.send('a'), conversation.send('b')];
  const clientId = server.stream.sent[0]?.clientId ?? '';
  server.stream.tell({ ack: { clientId, refusal: { reason: 'send-too-fast', retryAfterMs: 400 } } });
  await jest.advanceTimersByTimeAsync(399);
  expect(server.stream.sent).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(1);
  expect(server.stream.sent.map(({ data }) => Buffer.from(data).toString())).toEqual(['a', 'a']);
  server.stream.tell({ ack: { clientId, refusal: { reason: 'client-id-reused' } } });
  await expect(sends[0]).rejects.toMatchObject({ reason: 'client-id-reused' });
  sends[1]?.catch(() => {});
  await conversation.leave();
});

test('still retries if a frame arrives just as the hint expires', async () => {
  const conversation = await enter();
  const sending = conversation.send('a');
  const clientId = server.stream.sent[0]?.clientId ?? '';
  server.stream.tell({ ack: { clientId, refusal: { reason: 'send-too-fast', retryAfterMs: 400 } } });
  const late = performance.now() + 400;
  const clock = jest.spyOn(performance, 'now').mockReturnValue(late); // The frame arrives before the timer fires.
  server.stream.say(1);
  await jest.advanceTimersByTimeAsync(1);
  clock.mockRestore();
  expect(server.stream.sent).toHaveLength(2);
  server.stream.tell({ ack: { clientId, seq: 2 } });
  await expect(sending).resolves.toMatchObject({ seq: 2 });
  await conversation.leave();
});

test('does not resend a send that was abandoned', async () => {
  const conversation = await enter();
  const giving = new AbortController();
  const sending = conversation.send('a', { signal: giving.signal });
  const why = new Error('never mind');
  giving.abort(why);
  await expect(sending).rejects.toBe(why);
  await comeBack(0, Resume.WHOLE);
  expect(server.stream.sent).toEqual([]);
  await conversation.leave();
});

test('delivers entries once and in order, and reports a hole', async () => {
  const listener = new Listener(await enter(4, { fillGaps: false }));
  server.stream.say(5, 6);
  server.stream.say(5, 6);
  server.stream.say(9);
  await comeBack(10, Resume.WHOLE);
  server.stream.say(9, 10);
  await settle();
  const told = ['welcome', 'live', 5, 6, 'gap', 9, 'reconnecting', 'welcome', 10, 'live'];
  expect(entries(listener.events)).toEqual(told);
  expect(listener.of('gap')).toEqual([{ type: 'gap', from: 7, to: 8, filled: false }]);
  expect(listener.of('live').map(({ missed }) => missed)).toEqual([0, 1]);
});

test('reports a reset and moves the position to the new log', async () => {
  const conversation = await enter(4);
  const listener = new Listener(conversation);
  await comeBack(2, Resume.RESET, { log: 'm' });
  await settle();
  expect(entries(listener.events)).toEqual(['welcome', 'live', 'reconnecting', 'welcome', 'reset', 'live']);
  expect(conversation.place).toEqual({ log: 'm', seq: 2 });
});

test('resumes after the position that the caller gives', async () => {
  const conversation = await enter(0, { after: { log: 'l', seq: 7 } });
  expect(server.stream.options.resume).toEqual({ log: 'l', seq: 7 });
  await conversation.leave();
});

test('limits the unread queue: drops lossy events, and turns entries into an exact gap', async () => {
  const conversation = await enter(0, { fillGaps: false });
  for (let seq = 1; seq <= 25_000; seq++) {
    server.stream.tell({ typing: { userId: 'bob' } });
    server.stream.say(seq);
  }
  await conversation.leave();
  const listener = new Listener(conversation);
  await listener.done;
  expect(listener.events.length).toBeLessThan(10_003);
  expect(listener.of('typing').length).toBeLessThan(5_000);
  const [gap] = listener.of('gap');
  expect([gap?.from, (gap?.to ?? 0) + 1]).toEqual([1, listener.of('message')[0]?.seq]);
  expect(listener.of('message').at(-1)?.seq).toBe(25_000);
});

test('drops every lossy event before any entry', async () => {
  const conversation = await enter(0, { fillGaps: false });
  server.stream.say(1, 8_000);
  for (let n = 0; n < 5_000; n++) server.stream.tell({ typing: { userId: 'bob' } });
  await conversation.leave();
  const listener = new Listener(conversation);
  await listener.done;
  expect([listener.of('message').length, listener.of('gap').length]).toEqual([8_000, 0]);
});

test('makes no call without a session', async () => {
  const client = server.client();
  const nobody = new (client.constructor as new (options: object) => typeof client)({ transport: {} });
  await expect(nobody.channels()).rejects.toMatchObject({ reason: 'unauthenticated' });
  await expect(nobody.listen(1)).rejects.toMatchObject({ reason: 'unauthenticated' });
});
