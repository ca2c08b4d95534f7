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

/** A log that History reads as the contract says: entries of `seqs`, in pages of `size`, forward only where that is asked for. */
function logOf(seqs: readonly number[], size = 100) {
  server.history = async ({ afterSeq, oldestFirst, size: wanted }) => {
    const forward = oldestFirst || afterSeq > 0;
    const sorted = seqs.filter((seq) => seq > afterSeq).toSorted((a, b) => (forward ? a - b : b - a));
    const page = sorted.slice(0, Math.min(size, wanted || size));
    const messages = page.map((seq) => Message.fromPartial({ seq, sender: 'bob' }));
    return { messages, more: sorted.length > page.length, next: '', log: 'l' };
  };
}

/** What a reader is told who was at 4 and missed all up to `lastSeq`. */
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
  ['a channel whose keep is not told', {}],
  ['a chat that keeps everything', { kind: 3, keep: { everything: true } }],
  ['a channel that keeps the last hundred', { keep: { maxCount: 100 } }],
  ['a channel that keeps a while', { keep: { seconds: 60 } }],
])('%s: what is missing comes from History', async (_what, channel) => {
  logOf(range(1, 12));
  expect(brief(await missed(5, 12, channel))).toEqual(['filled 5-12', ...range(5, 12)]);
});

test('in a channel that keeps nothing, History is not asked', async () => {
  logOf(range(1, 12));
  expect(brief(await missed(5, 12, { keep: { nothing: true } }))).toEqual(['missing 5-12']);
  expect(server.historyCalls).toEqual([]);
});

test.each([1, 2])('a gap that begins at %i has every entry, in order', async (from) => {
  logOf(range(1, 250));
  const events = brief(await missed(from, 120));
  expect(events.filter((one) => typeof one === 'number')).toEqual(range(from, 120));
  const gaps = events.filter((one) => typeof one === 'string');
  expect(gaps).toEqual([`filled ${from}-${from + 99}`, `filled ${from + 100}-120`]);
});

test('each page is vouched for when it has come, and where History breaks off the rest is missing', async () => {
  logOf(range(1, 100), 3);
  const page = server.history;
  server.history = (request, options) =>
    request.afterSeq > 4 ? Promise.reject(refuse('channel-not-found')) : page(request, options);
  expect(brief(await missed(5, 12))).toEqual(['filled 5-7', 5, 6, 7, 'missing 8-12']);
});

test('a server that is busy for a while is asked again', async () => {
  logOf(range(1, 100));
  const page = server.history;
  let refused = 0;
  server.history = (request, options) =>
    refused++ < 3 ? Promise.reject(refuse('database-away', { retryAfterMs: 1_000 })) : page(request, options);
  expect(brief(await missed(5, 7))).toEqual(['filled 5-7', 5, 6, 7]);
});

test('what retention has taken is missing, and not called filled', async () => {
  logOf(range(8, 12));
  expect(brief(await missed(5, 12))).toEqual(['missing 5-7', 'filled 8-12', ...range(8, 12)]);
  logOf([]);
  expect(brief(await missed(5, 12))).toEqual(['missing 5-12']);
});

test('seqs of changes, which History folds into messages, are not missing while the log begins before them', async () => {
  logOf([1, 2, 8, 11]);
  expect(brief(await missed(5, 12))).toEqual(['filled 5-12', 8, 11]);
  expect(brief(await missed(9, 10))).toEqual(['filled 9-10']);
});

test('an answer that is backwards, or repeats itself, fills nothing', async () => {
  server.history = async () => {
    const messages = [7, 6, 5].map((seq) => Message.fromPartial({ seq, sender: 'bob' }));
    return { messages, more: true, next: '', log: 'l' };
  };
  expect(brief(await missed(5, 7))).toEqual(['missing 5-7']);
  server.history = async () => ({ messages: [], more: true, next: '', log: 'l' });
  expect(brief(await missed(5, 7))).toEqual(['missing 5-7']);
});

test('a gap of the log before is not filled from the next one', async () => {
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
