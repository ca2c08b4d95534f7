import { refuse } from '@parley/runtime/refusal';
import { FakeGateway, logEnd, pass } from './fake-gateway.js';

const { jest } = import.meta;
let gateway: FakeGateway;

beforeEach(() => {
  jest.useFakeTimers();
  gateway = new FakeGateway();
});
afterEach(() => jest.useRealTimers());

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

const chatOf = (id: number, lastSeq: number, log = 'l') => ({ channel: { id, lastSeq }, log, unread: 1 });

test('after a reset, the user gets all chats, and each message that was missed', async () => {
  gateway.logs.set(1, { log: 'l', seqs: range(1, 12) });
  gateway.overview = async () => ({ chats: [chatOf(1, 12), chatOf(2, 30, 'm')], inbox: 'p9' });
  const listener = await gateway.begin([logEnd(1, 4)]);
  gateway.stream.say(1, 5);
  await pass();
  gateway.stream.end();
  await pass(5_000);
  gateway.stream.welcome(logEnd(1, 11), logEnd(2, 30, 'm'));
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
  expect(listener.inbox.place).toEqual({ after: 'p9', seen: [logEnd(1, 13), logEnd(2, 31, 'm')] });
});

test('an inbox that resumes from a place in the middle of a reset continues with the rest of the reset', async () => {
  gateway.logs.set(1, { log: 'l', seqs: range(1, 12) });
  gateway.overview = async () => ({ chats: [chatOf(1, 12)], inbox: 'p9' });
  const inbox = gateway.client().inbox();
  const events = inbox.events();
  await pass();
  gateway.stream.welcome(logEnd(1, 4));
  gateway.stream.say(1, 5);
  for (let n = 0; n < 10; n++) gateway.stream.ping(`p${n}`);
  gateway.stream.tell({ reset: true });
  const types: string[] = [];
  while (types.at(-1) !== 'reset') types.push((await events.next()).value?.type ?? '');
  expect(types).toEqual(['connected', 'message', 'reset']);
  expect(inbox.place).toEqual({ after: 'p9', seen: [logEnd(1, 5)] });
});

test('after a reset, a chat may have another log', async () => {
  gateway.logs.set(1, { log: 'm', seqs: range(1, 2) });
  gateway.overview = async () => ({ chats: [chatOf(1, 2, 'm')], inbox: 'p9' });
  const listener = await gateway.begin([logEnd(1, 4)], {}, '');
  await gateway.reconnect(logEnd(1, 1, 'm'));
  gateway.stream.say(1, 2, 3);
  await pass();
  expect(listener.brief.slice(2)).toEqual(['reset', '1:chat-reset', '1:filled 1-2', '1:1', '1:2', 'connected', '1:3']);
  expect(listener.of('message').map(({ log }) => log)).toEqual(['m', 'm', 'm']);
});

test('nothing is lost if the connection breaks before the first position', async () => {
  gateway.logs.set(1, { log: 'l', seqs: range(1, 12) });
  gateway.overview = async () => ({ chats: [chatOf(1, 7)], inbox: 'p9' });
  const listener = await gateway.begin([logEnd(1, 4)], {}, '');
  await gateway.reconnect(logEnd(1, 6));
  await pass();
  expect(listener.brief.slice(2)).toEqual(['reset', '1:filled 5-7', '1:5', '1:6', '1:7', 'connected']);
  const other = await gateway.begin([logEnd(1, 6)], { after: { after: '', seen: [logEnd(1, 4)] } }, '');
  await pass();
  expect(other.brief.slice(0, 3)).toEqual(['reset', '1:filled 5-7', '1:5']);
});

test('with `overview`, an inbox begins with all chats, and continues right after them', async () => {
  gateway.overview = async () => ({ chats: [chatOf(1, 6)], inbox: 'p0' });
  const listener = await gateway.begin([logEnd(1, 4)], { overview: true });
  gateway.stream.say(1, 5, 7);
  await pass();
  expect(listener.brief).toEqual(['reset', 'connected', '1:7']); // Overview had 5 and 6.
});

test('calls Overview again after a temporary refusal, and ends after a final one', async () => {
  const answers = [refuse('no-server'), refuse('read-too-often'), refuse('internal'), refuse('suspended')];
  gateway.overview = () => Promise.reject(answers.shift());
  const listener = await gateway.begin([], { overview: true });
  await pass(20_000);
  expect(gateway.overviewCalls).toBe(4);
  expect(listener.events.at(-1)).toMatchObject({ type: 'ended', reason: 'suspended' });
});

test('calls Overview again only after the time that the server names', async () => {
  gateway.overview = () => Promise.reject(refuse('too-busy', { retryAfterMs: 60_000 }));
  await gateway.begin([], { overview: true });
  await pass(59_900);
  expect(gateway.overviewCalls).toBe(1);
  await pass(60_000);
  expect(gateway.overviewCalls).toBe(2);
});

test('calls Overview less and less often while no service can be reached', async () => {
  gateway.overview = () => Promise.reject(refuse('unreachable'));
  await gateway.begin([], { overview: true });
  await pass(300_000);
  expect(gateway.overviewCalls).toBeGreaterThan(30);
  expect(gateway.overviewCalls).toBeLessThan(250);
});

test('a reader that is too slow loses nothing, because History has the entries that did not fit', async () => {
  const count = 25_000;
  gateway.logs.set(1, { log: 'l', seqs: range(1, count) });
  gateway.logs.set(3, { log: 'l', seqs: [1, 2] });
  gateway.overview = async () => ({ chats: [chatOf(1, count), chatOf(2, 0), chatOf(3, 2)], inbox: 'p9' });
  const inbox = gateway.client().inbox();
  await pass();
  gateway.stream.welcome(logEnd(1, 0), logEnd(2, 0), logEnd(3, 0));
  gateway.stream.say(1, 1, count);
  gateway.stream.say(2, 1);
  const events = inbox.events();
  const seqs: Record<number, number[]> = { 1: [], 2: [], 3: [] };
  const types = new Set<string>();
  while (seqs[2]?.length === 0) {
    const { value } = await events.next();
    if (value === undefined) break;
    types.add(value.type);
    if (value.type === 'message') seqs[value.channelId]?.push(value.seq);
  }
  expect(seqs).toEqual({ 1: range(1, count), 2: [1], 3: [1, 2] });
  expect([...types]).toEqual(['reset', 'gap', 'message']);
});
