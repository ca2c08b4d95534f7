import { MemberChange } from '@parley/contract';
import { refuse } from '@parley/runtime/refusal';
import { textOf } from '../src/index.js';
import { FakeGateway, logEnd, pass } from './fake-gateway.js';
import { FakeTransport } from './fake-transport.js';
import { InboxListener } from './rig.js';

const { jest } = import.meta;
let gateway: FakeGateway;

beforeEach(() => {
  jest.useFakeTimers();
  gateway = new FakeGateway();
});
afterEach(() => jest.useRealTimers());

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

test('yields the events of all chats in order, and answers pings', async () => {
  const { events, inbox } = await gateway.begin([logEnd(1, 4), logEnd(2, 0)]);
  gateway.stream.say(1, 5);
  gateway.stream.say(2, 1);
  gateway.stream.tell({ message: { channelId: 1, typing: { userId: 'bob' } } });
  gateway.stream.tell({ message: { channelId: 1, presence: { here: 2 } } });
  gateway.stream.tell({ message: { channelId: 2, lossy: true, sender: 'bob' } });
  gateway.stream.tell({ message: { channelId: 2, receipt: { userId: 'bob', readSeq: 1 } } });
  gateway.stream.tell({ added: { id: 3, name: 'new' } });
  const data = MemberChange.encode(MemberChange.fromPartial({ userId: 'ann', joined: true })).finish();
  gateway.stream.tell({ message: { channelId: 3, seq: 1, kind: 8, data } });
  gateway.stream.tell({ changed: { id: 3 }, id: '' });
  gateway.stream.tell({ membership: { channelId: 1, role: 2, markedUnread: true, notify: 3 } });
  gateway.stream.tell({ notification: { id: 9, kind: 1 } });
  gateway.stream.tell({ removed: { id: 3 } });
  gateway.stream.ping('p1');
  await pass();
  expect(events).toMatchObject([
    { type: 'connected', me: { id: 'ann' }, now: 1 },
    { type: 'message', channelId: 1, log: 'l', seq: 5 },
    { type: 'message', channelId: 2, log: 'l', seq: 1 },
    { type: 'typing', channelId: 1, userId: 'bob' },
    { type: 'presence', channelId: 1, here: 2 },
    { type: 'lossy', channelId: 2, sender: 'bob' },
    { type: 'receipt', channelId: 2, userId: 'bob', readSeq: 1 },
    { type: 'added', channel: { id: 3, name: 'new' } },
    { type: 'member', channelId: 3, seq: 1, userId: 'ann', joined: true },
    { type: 'changed', channel: { id: 3 } },
    { type: 'membership', channelId: 1, role: 2, markedUnread: true, notify: 'none' },
    { type: 'notification', notification: { id: 9, kind: 'mention' } },
    { type: 'removed', channelId: 3 },
  ]);
  expect(gateway.stream.pongs).toEqual([7, 7]);
  await inbox.close();
  await pass();
  expect(events.at(-1)).toMatchObject({ type: 'ended', reason: 'closed' });
});

test('resumes after the last position and the entries since then, and drops duplicates', async () => {
  const listener = await gateway.begin([logEnd(1, 4), logEnd(2, 0)]);
  gateway.stream.say(1, 5);
  gateway.stream.ping('p1');
  gateway.stream.say(2, 1, 2);
  await gateway.reconnect(logEnd(1, 6), logEnd(2, 3));
  expect(gateway.stream.options.watch).toMatchObject({ after: 'p1', seen: [logEnd(1, 5), logEnd(2, 2)] });
  gateway.stream.say(1, 5, 6);
  gateway.stream.say(2, 2, 3);
  await pass();
  expect(listener.brief).toEqual(['connected', '1:5', '2:1', '2:2', 'reconnecting', 'connected', '1:6', '2:3']);
});

test('a stored place continues in another process after the event that was read last', async () => {
  const first = await gateway.begin([logEnd(1, 4)]);
  gateway.stream.say(1, 5);
  gateway.stream.ping('p1');
  gateway.stream.say(1, 6);
  await pass();
  const place = JSON.parse(JSON.stringify(first.inbox.place));
  expect(place).toEqual({ after: 'p1', seen: [logEnd(1, 6)] });
  const second = await gateway.begin([logEnd(1, 7)], { after: place });
  expect(gateway.stream.options.watch).toMatchObject(place);
  gateway.stream.say(1, 6, 7);
  await pass();
  expect(second.brief).toEqual(['connected', '1:7']);
});

test('the place is the last event that was read, not the last one that arrived', async () => {
  const inbox = gateway.client().inbox();
  const events = inbox.events();
  await pass();
  gateway.stream.welcome(logEnd(1, 4));
  gateway.stream.say(1, 5);
  gateway.stream.ping('p1');
  gateway.stream.say(1, 6);
  await events.next();
  expect(inbox.place).toEqual({ after: '', seen: [] });
  await events.next();
  expect(inbox.place).toEqual({ after: '', seen: [logEnd(1, 5)] });
  await events.next();
  expect(inbox.place).toEqual({ after: 'p1', seen: [logEnd(1, 6)] });
});

test('all chats come page by page, with the position of the first page', async () => {
  const pages = [
    { chats: [{ channel: { id: 2 } }, { channel: { id: 1 } }], inbox: 'p1', next: 'more' },
    { chats: [{ channel: { id: 7 } }], inbox: 'p2', next: '' },
  ];
  gateway.overview = () => Promise.resolve(pages[gateway.overviewCalls - 1] ?? {});
  const seen: number[][] = [];
  const now = gateway.client().chats.all({ onPage: (some) => seen.push(some.map(({ channel }) => channel.id)) });
  expect((await now).chats.map(({ channel }) => channel.id)).toEqual([2, 1, 7]);
  expect([(await now).position, seen]).toEqual(['p1', [[2, 1]]]);
});

test('fills gaps that the server reports, and holes that it does not report', async () => {
  gateway.logs.set(1, { log: 'l', seqs: range(1, 300) });
  const listener = await gateway.begin([logEnd(1, 4)]);
  gateway.stream.tell({ gap: { channelId: 1, log: 'l', from: 5, to: 110 } });
  await gateway.reconnect(logEnd(1, 110));
  expect(gateway.stream.options.watch.seen).toEqual([logEnd(1, 110)]);
  gateway.stream.say(1, 111);
  gateway.stream.say(1, 114);
  await pass();
  const filled = (from: number, to: number) => [`1:filled ${from}-${to}`, ...range(from, to).map((seq) => `1:${seq}`)];
  expect(listener.brief.filter((one) => !one.includes('connect'))).toEqual([
    ...filled(5, 104),
    ...filled(105, 110),
    '1:111',
    ...filled(112, 113),
    '1:114',
  ]);
});

test.each([
  ['a first join', { added: { id: 2, log: 'm' } }, 4],
  ['a return', { added: { id: 1, log: 'l' } }, 6],
  ['a new log', { chatReset: { channelId: 1, log: 'm' } }, 1],
])('fills a gap right after %s, and nothing before it', async (_, event, from) => {
  const listener = await gateway.begin([logEnd(1, 4)]);
  const channelId = 'added' in event ? event.added.id : event.chatReset.channelId;
  const log = 'added' in event ? event.added.log : event.chatReset.log;
  gateway.logs.set(channelId, { log, seqs: range(1, from + 3) });
  gateway.stream.tell(event);
  gateway.stream.tell({ gap: { channelId, log, from, to: from + 1 } });
  gateway.stream.say(channelId, from + 2, from + 3);
  await pass();
  const entries = listener.brief.filter((one) => /^\d+:\d+$/.test(one));
  expect(entries).toEqual(range(from, from + 3).map((seq) => `${channelId}:${seq}`));
});

test('reports gaps as unfilled if `fillGaps` is false, or if History lacks the entries', async () => {
  gateway.logs.set(1, { log: 'other', seqs: range(1, 9) });
  const [asked, lacking] = [
    await gateway.begin([logEnd(1, 4)], { fillGaps: false }),
    await gateway.begin([logEnd(1, 4)]),
  ];
  for (const stream of gateway.streams) stream.say(1, 7);
  await pass();
  for (const { brief } of [asked, lacking]) expect(brief).toEqual(['connected', '1:missing 5-6', '1:7']);
  expect(gateway.historyCalls).toHaveLength(1);
});

test('a returning member gets the entries from the return, without a gap', async () => {
  const listener = await gateway.begin([logEnd(1, 4)]);
  gateway.stream.say(1, 5);
  gateway.stream.tell({ removed: { id: 1 } });
  gateway.stream.tell({ added: { id: 1, log: 'l', lastSeq: 9 } });
  gateway.stream.say(1, 9);
  await gateway.reconnect(logEnd(1, 20));
  gateway.stream.tell({ added: { id: 1, log: 'l', lastSeq: 20 } }); // removed and added again meanwhile
  gateway.stream.say(1, 9);
  gateway.stream.say(1, 20);
  await pass();
  expect(listener.brief.filter((one) => /^1:\d|gap|missing/.test(one))).toEqual(['1:5', '1:9', '1:20']);
});

test('a chat with another log is reset, and its seqs start again', async () => {
  gateway.logs.set(1, { log: 'm', seqs: range(1, 9) });
  const listener = await gateway.begin([logEnd(1, 4), logEnd(2, 7)]);
  gateway.stream.tell({ chatReset: { channelId: 1, log: 'm' } });
  gateway.stream.say(1, 1);
  await gateway.reconnect(logEnd(1, 1, 'm'), logEnd(2, 3, 'n'));
  gateway.stream.tell({ chatReset: { channelId: 2, log: 'n' } });
  gateway.stream.say(2, 1);
  await pass();
  expect(listener.brief).toEqual([
    'connected',
    '1:chat-reset',
    '1:1',
    'reconnecting',
    '2:chat-reset',
    'connected',
    '2:1',
  ]);
});

test('chats without history are neither checked nor resumed', async () => {
  const listener = await gateway.begin([]);
  gateway.stream.say(1, 57);
  await gateway.reconnect();
  expect(gateway.stream.options.watch.seen).toEqual([]);
  gateway.stream.say(1, 1);
  await pass();
  expect(listener.brief).toEqual(['connected', '1:57', 'reconnecting', 'connected', '1:1']);
});

test('resumes a stream that reached its size limit, without an event and without a pause', async () => {
  const listener = await gateway.begin([logEnd(1, 4)]);
  gateway.stream.say(1, 5);
  gateway.stream.end(refuse('long-stream'));
  await pass();
  expect(gateway.streams).toHaveLength(2);
  gateway.stream.welcome(logEnd(1, 5));
  gateway.stream.say(1, 6);
  await pass();
  expect(listener.brief).toEqual(['connected', '1:5', '1:6']);
  gateway.stream.end(refuse('long-stream'));
  await pass();
  const random = jest.spyOn(Math, 'random').mockReturnValue(0.5); // The wait is random, and can be 0.
  gateway.stream.end(refuse('long-stream')); // before a welcome: no endless loop
  await pass();
  expect(gateway.streams).toHaveLength(3);
  random.mockRestore();
});

test('leaves a gateway that is silent for two and a half ping intervals, or sends no welcome within ten seconds', async () => {
  const listener = new InboxListener(gateway.client().inbox());
  await pass(9_999);
  expect(gateway.stream.cut).toBe(false);
  await pass(1);
  expect(gateway.stream.cut).toBe(true);
  await pass(1_000);
  gateway.stream.welcome();
  await pass(62_499);
  expect(gateway.stream.cut).toBe(false);
  await pass(1);
  expect(gateway.stream.cut).toBe(true);
  expect(listener.events.filter(({ type }) => type === 'reconnecting')).toMatchObject([
    { reason: 'unreachable' },
    { reason: 'unreachable' },
  ]);
});

test.each([
  ['invalid-position', true],
  ['too-many-inboxes', true],
  ['logged-out', true],
  ['draining', false],
  ['too-slow', false],
  ['too-busy', false],
] as const)('the end %s is final: %s', async (reason, isFinal) => {
  const listener = await gateway.begin([]);
  gateway.stream.end(refuse(reason));
  await pass(30_000);
  expect(gateway.streams.length === 1).toBe(isFinal);
  expect(listener.events.at(-1)?.type === 'ended').toBe(isFinal);
});

test('ends with an expired token, and continues with the token of a new login', async () => {
  const client = gateway.client();
  const [expired, renewed] = [new InboxListener(gateway.client().inbox()), new InboxListener(client.inbox())];
  await pass();
  const [first, second] = gateway.streams;
  await client.login('ann', 'correct horse');
  for (const stream of [first, second]) stream?.end(refuse('expired-token'));
  await pass(1_000);
  expect(expired.events.at(-1)).toMatchObject({ type: 'ended', reason: 'expired-token' });
  expect(renewed.brief).toEqual(['reconnecting']);
  expect(gateway.stream.options.token).toBe('new-token');
});

test('a goodbye says whether the client may reconnect', async () => {
  const [again, final] = [await gateway.begin([]), await gateway.begin([])];
  const [first, second] = gateway.streams;
  for (const [stream, listenAgain] of [
    [first, true],
    [second, false],
  ] as const) {
    stream?.tell({ goodbye: { reason: 'draining', message: 'Bye.', listenAgain } });
    stream?.end();
  }
  await pass(5_000);
  expect(again.events.at(-1)).toMatchObject({ type: 'reconnecting', reason: 'draining' });
  expect(final.events.at(-1)).toMatchObject({ type: 'ended', reason: 'draining', message: 'Bye.' });
});

test('refuses to open if the transport has no address of a gateway', () => {
  expect(() => new FakeTransport().client().inbox()).toThrow('This transport has no address of a gateway.');
});

test('another reader can continue where an aborted one has stopped, even within a gap', async () => {
  gateway.logs.set(1, { log: 'l', seqs: range(1, 9) });
  const inbox = gateway.client().inbox();
  await pass();
  gateway.stream.welcome(logEnd(1, 4));
  gateway.stream.say(1, 8);
  const away = new AbortController();
  const seen: string[] = [];
  const first = async () => {
    for await (const event of inbox.events(away.signal)) {
      if (event.type === 'message') seen.push(textOf(event) ?? '');
      if (seen.length === 2) return;
    }
  };
  await first();
  expect(seen).toEqual(['m5', 'm6']);
  for await (const event of inbox) {
    if (event.type === 'message') seen.push(textOf(event) ?? '');
    if (seen.length === 4) break;
  }
  expect(seen).toEqual(['m5', 'm6', 'm7', 'm8']);
  let open = () => {};
  gateway.historyGate = new Promise((resolve) => {
    open = resolve;
  });
  gateway.stream.say(1, 10);
  const waiting = inbox.events(away.signal).next();
  await pass();
  away.abort('enough');
  await expect(waiting).rejects.toBe('enough');
  open();
  const next = inbox.events();
  expect([(await next.next()).value, (await next.next()).value]).toMatchObject([
    { type: 'gap', from: 9, to: 9 },
    { type: 'message', seq: 9 },
  ]);
});
