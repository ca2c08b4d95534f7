import { Message, Resume } from '@parley/contract';
import { refuse } from '@parley/runtime/refusal';
import type { ConversationEvent } from '../src/index.js';
import { FakeTransport } from './fake-transport.js';
import { Listener } from './rig.js';

const { jest } = import.meta;
let server: FakeTransport;

beforeEach(() => {
  jest.useFakeTimers();
  server = new FakeTransport();
});
afterEach(() => jest.useRealTimers());

/**
 * Makes the server's History hold the entries `seqs`, in pages of `size`, as the contract
 * describes.
 */
function logOf(seqs: readonly number[], size = 100) {
  server.history = async ({ afterSeq, oldestFirst, size: wanted }) => {
    const forward = oldestFirst || afterSeq > 0;
    const sorted = seqs.filter((seq) => seq > afterSeq).toSorted((a, b) => (forward ? a - b : b - a));
    const page = sorted.slice(0, Math.min(size, wanted || size));
    const messages = page.map((seq) => Message.fromPartial({ seq, sender: 'bob' }));
    return { messages, more: sorted.length > page.length, next: '', log: 'l' };
  };
}

/** Returns the events of a reader at seq 4 that missed everything up to `lastSeq`. */
async function missed(from: number, lastSeq: number, channel = {}): Promise<readonly ConversationEvent[]> {
  const conversation = server.client().open(1, { after: { log: 'l', seq: from - 1 } });
  const listener = new Listener(conversation);
  await jest.advanceTimersByTimeAsync(0);
  server.stream.welcome(lastSeq, Resume.GAP, { channel, missingFrom: from, missingTo: lastSeq });
  await jest.advanceTimersByTimeAsync(60_000);
  await conversation.leave();
  return listener.events.filter(({ type }) => type === 'gap' || type === 'message');
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);
const brief = (events: readonly ConversationEvent[]) =>
  events.flatMap((event): (string | number)[] => {
    if (event.type === 'gap') return [`${event.filled ? 'filled' : 'missing'} ${event.from}-${event.to}`];
    return 'seq' in event ? [event.seq] : [];
  });

test.each([
  ['a channel of unknown retention', {}],
  ['a channel that stores everything', { kind: 3, retention: { everything: true } }],
  ['a channel that stores the last hundred', { retention: { maxCount: 100 } }],
  ['a channel that stores for a time', { retention: { seconds: 60 } }],
])('%s: fills missing entries from History', async (_what, channel) => {
  logOf(range(1, 12));
  expect(brief(await missed(5, 12, channel))).toEqual(['filled 5-12', ...range(5, 12)]);
});

test('does not ask History in a channel that stores nothing', async () => {
  logOf(range(1, 12));
  expect(brief(await missed(5, 12, { retention: { nothing: true } }))).toEqual(['missing 5-12']);
  expect(server.historyCalls).toEqual([]);
});

test.each([1, 2])('fills a gap that begins at %i with every entry in order', async (from) => {
  logOf(range(1, 250));
  const events = brief(await missed(from, 120));
  expect(events.filter((one) => typeof one === 'number')).toEqual(range(from, 120));
  const gaps = events.filter((one) => typeof one === 'string');
  expect(gaps).toEqual([`filled ${from}-${from + 99}`, `filled ${from + 100}-120`]);
});

test('reports each page as filled, and the rest as missing if History fails', async () => {
  logOf(range(1, 100), 3);
  const page = server.history;
  server.history = (request, options) =>
    request.afterSeq > 4 ? Promise.reject(refuse('channel-not-found')) : page(request, options);
  expect(brief(await missed(5, 12))).toEqual(['filled 5-7', 5, 6, 7, 'missing 8-12']);
});

test('retries a busy server', async () => {
  logOf(range(1, 100));
  const page = server.history;
  let refused = 0;
  server.history = (request, options) =>
    refused++ < 3 ? Promise.reject(refuse('database-away', { retryAfterMs: 1_000 })) : page(request, options);
  expect(brief(await missed(5, 7))).toEqual(['filled 5-7', 5, 6, 7]);
});

test('a conversation that ends while it waits for History leaves no timer', async () => {
  server.history = () => Promise.reject(refuse('too-busy', { retryAfterMs: 3_000 }));
  const conversation = server.client().open(1, { after: { log: 'l', seq: 1 } });
  const listener = new Listener(conversation);
  await jest.advanceTimersByTimeAsync(0);
  server.stream.welcome(5, Resume.GAP, { missingFrom: 2, missingTo: 5 });
  await jest.advanceTimersByTimeAsync(100);
  expect(server.historyCalls).toHaveLength(1);
  await conversation.leave();
  await jest.advanceTimersByTimeAsync(0);
  expect(listener.events.at(-1)?.type).toBe('ended');
  expect(jest.getTimerCount()).toBe(0);
});

test('reports entries removed by retention as missing', async () => {
  logOf(range(8, 12));
  expect(brief(await missed(5, 12))).toEqual(['missing 5-7', 'filled 8-12', ...range(8, 12)]);
  logOf([]);
  expect(brief(await missed(5, 12))).toEqual(['missing 5-12']);
});

test('does not report folded changes as missing', async () => {
  logOf([1, 2, 8, 11]);
  expect(brief(await missed(5, 12))).toEqual(['filled 5-12', 8, 11]);
  expect(brief(await missed(9, 10))).toEqual(['filled 9-10']);
});

test('ignores a page that is backwards or repeats entries', async () => {
  server.history = async () => {
    const messages = [7, 6, 5].map((seq) => Message.fromPartial({ seq, sender: 'bob' }));
    return { messages, more: true, next: '', log: 'l' };
  };
  expect(brief(await missed(5, 7))).toEqual(['missing 5-7']);
  server.history = async () => ({ messages: [], more: true, next: '', log: 'l' });
  expect(brief(await missed(5, 7))).toEqual(['missing 5-7']);
});

test('does not fill a gap from a different log', async () => {
  const conversation = server.client().open(1, { after: { log: 'old', seq: 4 } });
  await jest.advanceTimersByTimeAsync(0);
  logOf(range(1, 100));
  server.stream.welcome(12, Resume.GAP, { log: 'old', missingFrom: 5, missingTo: 12 });
  server.stream.end();
  await jest.advanceTimersByTimeAsync(5_000);
  server.stream.welcome(50, Resume.RESET, { log: 'l' });
  const listener = new Listener(conversation);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(brief(listener.of('gap'))).toEqual(['missing 5-12']);
  await conversation.leave();
});
