import { MemberChange, type Message, type SeenChat } from '@parley/contract';
import { refuse } from '@parley/runtime/refusal';
import { type InboxOptions, type Sent, textOf, type UserInbox, type UserInboxEvent } from '../src/index.js';
import { FakeGateway } from './fake-gateway.js';
import { FakeTransport } from './fake-transport.js';

const { jest } = import.meta;
let gateway: FakeGateway;

beforeEach(() => {
  jest.useFakeTimers();
  gateway = new FakeGateway();
});
afterEach(() => jest.useRealTimers());

const pass = (ms = 0) => jest.advanceTimersByTimeAsync(ms);
const end = (channelId: number, seq: number, log = 'l'): SeenChat => ({ channelId, log, seq });
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** Reads an inbox and records every event. */
class InboxListener {
  readonly events: UserInboxEvent[] = [];
  readonly inbox: UserInbox;

  constructor(options: InboxOptions = {}) {
    this.inbox = gateway.client().inbox(options);
    void this.#read();
  }

  async #read(): Promise<void> {
    for await (const event of this.inbox) this.events.push(event);
  }

  /** Short forms of the events. */
  get brief(): string[] {
    return this.events.map((event) => {
      if ('seq' in event) return `${event.channelId}:${event.seq}`;
      if (event.type === 'gap') return `${event.channelId}:${event.filled ? 'filled' : 'missing'} ${event.from}-${event.to}`;
      return 'channelId' in event ? `${event.channelId}:${event.type}` : event.type;
    });
  }
}

/** Opens an inbox whose first stream has begun at the ends of these logs. */
async function begin(
  chats: readonly SeenChat[],
  options: InboxOptions = {},
  position = 'p0',
): Promise<InboxListener> {
  const listener = new InboxListener(options);
  await pass();
  gateway.stream.welcome(...chats);
  if (position !== '') gateway.stream.ping(position);
  await pass();
  return listener;
}

/** Cuts the stream, and waits for the next one. */
async function reconnect(...chats: SeenChat[]): Promise<void> {
  const before = gateway.streams.length;
  gateway.stream.end();
  while (gateway.streams.length === before) await pass(100);
  gateway.stream.welcome(...chats);
}

test('yields the events of all chats in order, and answers pings', async () => {
  const { events, inbox } = await begin([end(1, 4), end(2, 0)]);
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
    { type: 'notification', notification: { id: 9, kind: 'mention' } },
    { type: 'removed', channelId: 3 },
  ]);
  expect(gateway.stream.pongs).toEqual([7, 7]);
  await inbox.close();
  await pass();
  expect(events.at(-1)).toMatchObject({ type: 'ended', reason: 'closed' });
});

test('resumes after the last position and the entries since then, and drops what comes twice', async () => {
  const listener = await begin([end(1, 4), end(2, 0)]);
  gateway.stream.say(1, 5);
  gateway.stream.ping('p1');
  gateway.stream.say(2, 1, 2);
  await reconnect(end(1, 6), end(2, 3));
  expect(gateway.stream.options.watch).toMatchObject({ after: 'p1', seen: [end(1, 5), end(2, 2)] });
  gateway.stream.say(1, 5, 6);
  gateway.stream.say(2, 2, 3);
  await pass();
  expect(listener.brief).toEqual(['connected', '1:5', '2:1', '2:2', 'reconnecting', 'connected', '1:6', '2:3']);
});

test('a stored place continues in another process after the event that was read last', async () => {
  const first = await begin([end(1, 4)]);
  gateway.stream.say(1, 5);
  gateway.stream.ping('p1');
  gateway.stream.say(1, 6);
  await pass();
  const place = JSON.parse(JSON.stringify(first.inbox.place));
  expect(place).toEqual({ after: 'p1', seen: [end(1, 6)] });
  const second = await begin([end(1, 7)], { after: place });
  expect(gateway.stream.options.watch).toMatchObject(place);
  gateway.stream.say(1, 6, 7);
  await pass();
  expect(second.brief).toEqual(['connected', '1:7']);
});

test('the place follows what is read, not what is received', async () => {
  const inbox = gateway.client().inbox();
  const events = inbox.events();
  await pass();
  gateway.stream.welcome(end(1, 4));
  gateway.stream.say(1, 5);
  gateway.stream.ping('p1');
  gateway.stream.say(1, 6);
  await events.next();
  expect(inbox.place).toEqual({ after: '', seen: [] });
  await events.next();
  expect(inbox.place).toEqual({ after: '', seen: [end(1, 5)] });
  await events.next();
  expect(inbox.place).toEqual({ after: 'p1', seen: [end(1, 6)] });
});

test('fills gaps of the server, and holes that nobody reported', async () => {
  gateway.logs.set(1, { log: 'l', seqs: range(1, 300) });
  const listener = await begin([end(1, 4)]);
  gateway.stream.tell({ gap: { channelId: 1, log: 'l', from: 5, to: 110 } });
  gateway.stream.say(1, 111);
  gateway.stream.say(1, 114);
  await pass();
  const filled = (from: number, to: number) => [`1:filled ${from}-${to}`, ...range(from, to).map((seq) => `1:${seq}`)];
  expect(listener.brief).toEqual([
    'connected',
    ...filled(5, 104),
    ...filled(105, 110),
    '1:111',
    ...filled(112, 113),
    '1:114',
  ]);
});

test('reports gaps unfilled if asked to, or if History lacks the entries', async () => {
  gateway.logs.set(1, { log: 'other', seqs: range(1, 9) });
  const [asked, lacking] = [await begin([end(1, 4)], { fillGaps: false }), await begin([end(1, 4)])];
  for (const stream of gateway.streams) stream.say(1, 7);
  await pass();
  for (const { brief } of [asked, lacking]) expect(brief).toEqual(['connected', '1:missing 5-6', '1:7']);
  expect(gateway.historyCalls).toHaveLength(1);
});

test('a returning member gets the entries from the return on, without a gap', async () => {
  const listener = await begin([end(1, 4)]);
  gateway.stream.say(1, 5);
  gateway.stream.tell({ removed: { id: 1 } });
  gateway.stream.tell({ added: { id: 1, log: 'l', lastSeq: 9 } });
  gateway.stream.say(1, 9);
  await reconnect(end(1, 20));
  gateway.stream.tell({ added: { id: 1, log: 'l', lastSeq: 20 } }); // removed and added again meanwhile
  gateway.stream.say(1, 9);
  gateway.stream.say(1, 20);
  await pass();
  expect(listener.brief.filter((one) => /^1:\d|gap|missing/.test(one))).toEqual(['1:5', '1:9', '1:20']);
});

test('a chat with another log is reset, and its entries begin anew', async () => {
  gateway.logs.set(1, { log: 'm', seqs: range(1, 9) });
  const listener = await begin([end(1, 4), end(2, 7)]);
  gateway.stream.tell({ chatReset: { channelId: 1, log: 'm' } });
  gateway.stream.say(1, 1);
  await reconnect(end(1, 1, 'm'), end(2, 3, 'n'));
  gateway.stream.tell({ chatReset: { channelId: 2, log: 'n' } });
  gateway.stream.say(2, 1);
  await pass();
  expect(listener.brief).toEqual(['connected', '1:chat-reset', '1:1', 'reconnecting', '2:chat-reset', 'connected', '2:1']);
});

test('chats without history are neither checked nor resumed', async () => {
  const listener = await begin([]);
  gateway.stream.say(1, 57);
  await reconnect();
  expect(gateway.stream.options.watch.seen).toEqual([]);
  gateway.stream.say(1, 1);
  await pass();
  expect(listener.brief).toEqual(['connected', '1:57', 'reconnecting', 'connected', '1:1']);
});

const chatOf = (id: number, lastSeq: number, log = 'l') => ({ channel: { id, lastSeq }, log, unread: 1 });

test('after a reset, the user gets all chats, and each message that was missed', async () => {
  gateway.logs.set(1, { log: 'l', seqs: range(1, 12) });
  gateway.overview = async () => ({ chats: [chatOf(1, 12), chatOf(2, 30, 'm')], inbox: 'p9' });
  const listener = await begin([end(1, 4)]);
  gateway.stream.say(1, 5);
  await pass();
  gateway.stream.end();
  await pass(5_000);
  gateway.stream.welcome(end(1, 11), end(2, 30, 'm'));
  gateway.stream.tell({ reset: true });
  gateway.stream.say(1, 12, 13); // Overview has 12 already
  gateway.stream.say(2, 31);
  await pass();
  expect(listener.events.find(({ type }) => type === 'reset')).toMatchObject({
    chats: [
      { channel: { id: 1 }, unread: 1 },
      { channel: { id: 2 }, log: 'm' },
    ],
  });
  expect(listener.brief.slice(2)).toEqual([
    'reconnecting',
    'connected',
    'reset',
    '1:filled 6-12',
    ...range(6, 12).map((seq) => `1:${seq}`),
    '1:13',
    '2:31',
  ]);
  expect(listener.inbox.place).toEqual({ after: 'p9', seen: [end(1, 13), end(2, 31, 'm')] });
});

test('without a position, nothing is lost either', async () => {
  gateway.logs.set(1, { log: 'l', seqs: range(1, 12) });
  gateway.overview = async () => ({ chats: [chatOf(1, 7)], inbox: 'p9' });
  const listener = await begin([end(1, 4)], {}, '');
  await reconnect(end(1, 6));
  await pass();
  expect(listener.brief.slice(2)).toEqual(['reset', '1:filled 5-7', '1:5', '1:6', '1:7', 'connected']);
  const other = await begin([end(1, 6)], { after: { after: '', seen: [end(1, 4)] } }, '');
  await pass();
  expect(other.brief.slice(0, 3)).toEqual(['reset', '1:filled 5-7', '1:5']);
});

test('with `overview`, an inbox begins with all chats, and continues right after them', async () => {
  gateway.overview = async () => ({ chats: [chatOf(1, 6)], inbox: 'p0' });
  const listener = await begin([end(1, 4)], { overview: true });
  gateway.stream.say(1, 5, 7);
  await pass();
  expect(listener.brief).toEqual(['reset', 'connected', '1:7']); // Overview had 5 and 6.
});

test('calls Overview again after a temporary refusal, and ends after a final one', async () => {
  const answers = [refuse('no-server'), refuse('read-too-often'), refuse('suspended')];
  gateway.overview = () => Promise.reject(answers.shift());
  const listener = await begin([], { overview: true });
  await pass(10_000);
  expect(gateway.overviewCalls).toBe(3);
  expect(listener.events.at(-1)).toMatchObject({ type: 'ended', reason: 'suspended' });
});

test('a reader that is too slow loses nothing: what does not fit is read from History', async () => {
  const count = 25_000;
  gateway.logs.set(1, { log: 'l', seqs: range(1, count) });
  gateway.overview = async () => ({ chats: [chatOf(1, count), chatOf(2, 0)], inbox: 'p9' });
  const inbox = gateway.client().inbox();
  await pass();
  gateway.stream.welcome(end(1, 0), end(2, 0));
  gateway.stream.say(1, 1, count);
  gateway.stream.say(2, 1);
  const events = inbox.events();
  const seqs: number[] = [];
  const types = new Set<string>();
  for (let last = 0; last !== 2; ) {
    const { value } = await events.next();
    if (value === undefined) break;
    types.add(value.type);
    if (value.type !== 'message') continue;
    if (value.channelId === 1) seqs.push(value.seq);
    last = value.channelId;
  }
  expect(seqs).toEqual(range(1, count));
  expect([...types]).toEqual(['reset', 'gap', 'message']);
});

test('resumes a stream that reached its size limit without a word and without a pause', async () => {
  const listener = await begin([end(1, 4)]);
  gateway.stream.say(1, 5);
  gateway.stream.end(refuse('long-stream'));
  await pass();
  expect(gateway.streams).toHaveLength(2);
  gateway.stream.welcome(end(1, 5));
  gateway.stream.say(1, 6);
  await pass();
  expect(listener.brief).toEqual(['connected', '1:5', '1:6']);
  gateway.stream.end(refuse('long-stream'));
  await pass();
  gateway.stream.end(refuse('long-stream')); // before a welcome: no endless loop
  await pass();
  expect(gateway.streams).toHaveLength(3);
});

test('gives up a silent gateway after two and a half pings, and after ten seconds without a welcome', async () => {
  const listener = new InboxListener();
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
  const listener = await begin([]);
  gateway.stream.end(refuse(reason));
  await pass(30_000);
  expect(gateway.streams.length === 1).toBe(isFinal);
  expect(listener.events.at(-1)?.type === 'ended').toBe(isFinal);
});

test('says so if the transport knows no gateway', () => {
  expect(() => new FakeTransport().client().inbox()).toThrow('This transport knows no gateway.');
});

const saidIn = (posts: readonly Message[]) => posts.filter(({ receipt }) => receipt === undefined);

describe('posts', () => {
  const words = () => saidIn(gateway.stream.posts).map((post) => `${post.channelId}:${Buffer.from(post.data)}`);

  test('go out one by one in each chat, and resolve with their acks', async () => {
    const { inbox } = await begin([]);
    const sent = [inbox.post(1, 'a'), inbox.post(1, 'b'), inbox.post(2, 'c'), inbox.react(1, 3, '👍')];
    expect(words()).toEqual(['1:a', '2:c', '1:👍']);
    gateway.stream.ack(gateway.stream.posts[0], { seq: 8, timestamp: 5 });
    expect(await sent[0]).toEqual({ seq: 8, timestamp: 5 });
    expect(words().at(-1)).toBe('1:b');
  });

  test('survive a lost connection with their client id, in order, once', async () => {
    const { inbox } = await begin([end(1, 0)]);
    const settled: string[] = [];
    const note = (text: string, sent: Promise<Sent>) => void sent.then(({ seq }) => settled.push(`${text}${seq}`));
    note('a', inbox.post(1, 'a', { clientId: 'id-a' }));
    gateway.stream.end();
    note('b', inbox.post(1, 'b', { clientId: 'id-b' }));
    await pass(5_000);
    note('c', inbox.post(1, 'c', { clientId: 'id-c' }));
    expect(words()).toEqual([]);
    gateway.stream.welcome(end(1, 0));
    expect(words()).toEqual(['1:a']);
    gateway.stream.tell({ message: { channelId: 1, seq: 1, sender: 'ann', clientId: 'id-a' } }); // the echo
    gateway.stream.ack({ clientId: 'id-a' }, { seq: 1 });
    gateway.stream.ack({ clientId: 'id-b' }, { seq: 2 });
    gateway.stream.ack({ clientId: 'id-c' }, { seq: 3 });
    await pass();
    expect(words()).toEqual(['1:a', '1:b', '1:c']);
    expect(settled).toEqual(['a1', 'b2', 'c3']);
  });

  test('wait after a temporary refusal, without holding up other chats, and reject after a final one', async () => {
    const listener = await begin([]);
    const held = listener.inbox.post(1, 'slow', { clientId: 'id-1' });
    const refused = listener.inbox.post(3, 'no');
    gateway.stream.ack(gateway.stream.posts[0], { refusal: { reason: 'slow-mode', message: '', retryAfterMs: 3_000 } });
    gateway.stream.ack(gateway.stream.posts[1], { refusal: { reason: 'not-a-member', message: 'No.', retryAfterMs: 0 } });
    await expect(refused).rejects.toMatchObject({ reason: 'not-a-member' });
    void listener.inbox.post(2, 'quick');
    expect(words()).toEqual(['1:slow', '3:no', '2:quick']);
    await pass(3_000);
    expect(words().at(-1)).toBe('1:slow');
    gateway.stream.ack(gateway.stream.posts.at(-1), { seq: 4 });
    expect(await held).toMatchObject({ seq: 4 });
    expect(listener.events.at(-1)).toMatchObject({ type: 'held', channelId: 1, clientId: 'id-1', inMs: 3_000 });
  });

  test('are bounded, checked and rejected at the end', async () => {
    const { inbox } = await begin([]);
    await expect(inbox.post(1, ' ')).rejects.toMatchObject({ reason: 'empty-message' });
    await expect(inbox.post(1, 'x'.repeat(65_537))).rejects.toMatchObject({ reason: 'message-too-large' });
    const open = Array.from({ length: 1_000 }, (_, n) => inbox.post(n, 'x').catch(({ reason }) => reason));
    await expect(inbox.post(1, 'x')).rejects.toMatchObject({ reason: 'too-busy' });
    expect(gateway.stream.posts).toHaveLength(10);
    await inbox.close();
    expect(new Set(await Promise.all(open))).toEqual(new Set(['cancelled']));
    await expect(inbox.post(1, 'x')).rejects.toMatchObject({ reason: 'cancelled' });
  });

  test('with a signal are abandoned, and a client id in use is refused', async () => {
    const { inbox } = await begin([]);
    const away = new AbortController();
    const sent = inbox.post(1, 'a', { clientId: 'id', signal: away.signal });
    const behind = inbox.post(1, 'b');
    await expect(inbox.post(2, 'c', { clientId: 'id' })).rejects.toMatchObject({ reason: 'client-id-reused' });
    away.abort('enough');
    await expect(sent).rejects.toBe('enough');
    expect(words()).toEqual(['1:a', '1:b']);
    gateway.stream.ack(gateway.stream.posts[1], { seq: 2 });
    expect(await behind).toMatchObject({ seq: 2 });
  });
});

describe('receipts', () => {
  const receipts = () =>
    gateway.stream.posts.flatMap(({ channelId, receipt }) =>
      receipt ? [[channelId, receipt.deliveredSeq, receipt.readSeq, receipt.log]] : [],
    );

  test('report arrivals and reading, at most ten a second, and again after a lost connection', async () => {
    const { inbox } = await begin(range(1, 25).map((id) => end(id, 0)));
    for (const id of range(1, 25)) gateway.stream.say(id, 1);
    expect(receipts()).toHaveLength(1);
    await pass(1_000);
    expect(receipts()).toHaveLength(11);
    await pass(2_000);
    expect(receipts()).toEqual(range(1, 25).map((id) => [id, 1, 0, 'l']));
    inbox.markRead(1);
    await pass(2_000);
    expect(receipts().at(-1)).toEqual([1, 1, 1, 'l']);
    gateway.stream.tell({ message: { channelId: 2, receipt: { userId: 'ann', deliveredSeq: 1 } } });
    await reconnect(...range(1, 3).map((id) => end(id, 1)));
    await pass(5_000);
    expect(receipts().map(([id]) => id)).toEqual([1, ...range(3, 25)]);
  });

  test('are only of the user if `reportDelivered` is false', async () => {
    const { inbox } = await begin([end(1, 0)], { reportDelivered: false });
    gateway.stream.say(1, 1, 3);
    await pass(5_000);
    expect(receipts()).toEqual([]);
    inbox.markDelivered(1, 2);
    inbox.markRead(7, 2); // without history
    await pass(5_000);
    expect(receipts()).toEqual([[1, 2, 0, 'l']]);
  });
});

test('what is typed or lossy goes out at once, or never', async () => {
  const { inbox } = await begin([]);
  inbox.typing(1);
  inbox.postLossy(2, 'now');
  expect(gateway.stream.posts).toMatchObject([
    { channelId: 1, typing: { stopped: false } },
    { channelId: 2, lossy: true },
  ]);
  gateway.stream.end();
  inbox.typing(1);
  await pass(5_000);
  gateway.stream.welcome();
  expect(gateway.stream.posts).toEqual([]);
});

test('another reader can continue where an aborted one has stopped, also within a gap', async () => {
  gateway.logs.set(1, { log: 'l', seqs: range(1, 9) });
  const inbox = gateway.client().inbox();
  await pass();
  gateway.stream.welcome(end(1, 4));
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
  const waiting = inbox.events(away.signal).next();
  away.abort('enough');
  await expect(waiting).rejects.toBe('enough');
});
