import { execFileSync } from 'node:child_process';
import { conversationReducer } from '../src/state/conversation.js';
import { type ConversationState, noConversation } from '../src/state/conversation-state.js';
import { linkWords } from '../src/state/link-words.js';
import { endsSession, sessionReducer, unconfirmedNotice } from '../src/state/session.js';
import { Store } from '../src/state/store.js';
import { lastOwn, timeline, withSameRows } from '../src/state/timeline.js';
import { dayWords } from '../src/state/times.js';
import { typingWords } from '../src/state/typing-words.js';
import { said } from './entries.js';

const place = { log: 'log', seq: 9 };
const queued = (id: string) =>
  ({
    type: 'queued',
    outgoing: { id, at: 5 * 60_000, do: 'say', text: id, target: undefined, failed: undefined },
  }) as const;

function talk(): ConversationState {
  const entries = [said(1, 'bob', 'a'), said(2, 'bob', 'b'), said(3, 'ann', 'c'), said(4, 'ann', 'd')];
  return conversationReducer(noConversation('ann'), { type: 'entries', entries, place });
}

const kinds = (state: ConversationState) =>
  timeline(state).map((row) =>
    row.type === 'said' ? `${row.line.text}${row.head ? '^' : ''}${row.delivery[0]}` : row.type,
  );

test('builds rows with the start, days, message groups and delivery states', () => {
  expect(kinds(talk())).toEqual(['start', 'day', 'a^t', 'bt', 'c^l', 'ds']);
});

test('puts pending messages last, and keeps their key when they get a place in the log', () => {
  const waiting = conversationReducer(talk(), queued('c5'));
  const sent = conversationReducer(waiting, { type: 'entries', entries: [said(5, 'ann', 'c5')], place });
  expect(kinds(waiting).at(-1)).toBe('c5s');
  expect(timeline(waiting).at(-1)).toMatchObject({ delivery: 'sending', key: 'c5' });
  expect(timeline(sent).at(-1)).toMatchObject({ delivery: 'sent', key: 'c5' });
  expect(timeline(conversationReducer(waiting, { type: 'failed', id: 'c5', why: 'no' })).at(-1)).toMatchObject({
    delivery: 'failed',
  });
});

test('marks the first unread message by another user', () => {
  const state = { ...talk(), openedAtSeq: 1 };
  expect(kinds(state)).toEqual(['start', 'day', 'a^t', 'unread', 'b^t', 'c^l', 'ds']);
  expect(kinds({ ...talk(), openedAtSeq: 2 })).not.toContain('unread');
});

test('says at the first row that the first unread messages may not be loaded, and marks no other one', () => {
  const state = { ...talk(), openedAtSeq: 1, lines: talk().lines.slice(2) };
  expect(timeline(state)[0]).toMatchObject({ begins: 'older', isUnread: true });
  expect(kinds(state)).not.toContain('unread');
  expect(timeline({ ...state, openedAtSeq: 2 })[0]).toMatchObject({ isUnread: false });
  const others = { ...state, me: 'eve' };
  expect(kinds({ ...others, hasOlder: false })).toContain('unread'); // The older ones have expired.
});

test('keeps the rows that a new message does not change', () => {
  const state = talk();
  const before = timeline(state);
  const next = conversationReducer(state, { type: 'entries', entries: [said(5, 'ann', 'e')], place });
  const rows = withSameRows(timeline(next), before);
  expect(rows.map((row) => before.includes(row))).toEqual([true, true, true, true, true, false, false]); // "d" is no longer the last one sent.
});

test('puts the old log above the new one, with unique keys', () => {
  const bare = said(1, 'bob', 'again', { clientId: '' });
  const old = conversationReducer(talk(), { type: 'entries', entries: [bare], place });
  const state = conversationReducer(old, { type: 'reset', place: { log: 'new', seq: 0 } });
  const anew = conversationReducer(state, { type: 'entries', entries: [bare], place });
  expect(kinds(anew)).toContain('anew');
  const keys = timeline(anew).map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});

test('adds a heading per day', () => {
  const late = { ...said(5, 'bob', 'late'), timestamp: 3 * 86_400_000 };
  expect(
    kinds(conversationReducer(talk(), { type: 'entries', entries: [late], place })).filter((kind) => kind === 'day'),
  ).toHaveLength(2);
  const now = new Date(2026, 5, 15, 12).getTime();
  expect([dayWords(now, now), dayWords(now - 86_400_000, now)]).toEqual(['Today', 'Yesterday']);
});

const times = new URL('../src/state/times.js', import.meta.url).href;

/**
 * Returns the result of `dayWords` in a time zone, from a process of its own. Times are arrays of
 * year, month from 0, day, hour and minute.
 */
function wordsIn(zone: string, at: readonly number[], now: readonly number[]): string {
  const run = `import { dayWords } from '${times}';
    process.stdout.write(dayWords(new Date(${at}).getTime(), new Date(${now}).getTime()));`;
  const env = { ...process.env, TZ: zone };
  return execFileSync(process.execPath, ['--input-type=module', '-e', run], { env, encoding: 'utf8' });
}

test.each([
  ['Europe/Berlin', [2026, 2, 30, 0, 30], [2026, 2, 29, 12], 'Yesterday'],
  ['Europe/Berlin', [2026, 2, 30, 0, 30], [2026, 2, 28, 23, 59], 'Saturday'],
  ['Europe/Berlin', [2026, 9, 25, 23, 30], [2026, 9, 24, 1], 'Yesterday'],
  ['Europe/Berlin', [2026, 9, 26, 0, 10], [2026, 9, 25, 0, 0], 'Yesterday'],
  ['America/Santiago', [2026, 8, 7, 0, 10], [2026, 8, 6, 12], 'Yesterday'],
  ['Asia/Kolkata', [2026, 0, 1, 0, 1], [2025, 11, 31, 23, 59], 'Yesterday'],
] as const)('in %s at %j, calls %j %s', (zone, now, at, words) => {
  expect(wordsIn(zone, at, now)).toContain(words);
});

test('describes each state of the connection in words', () => {
  const waiting = (reason: 'unreachable' | 'moved' | 'channel-full') =>
    linkWords({ state: 'waiting', reason, message: '', untilMs: 3_400 }, 1_000).words;
  expect(waiting('unreachable')).toBe('Connection lost; reconnecting in 3 s');
  expect(waiting('moved')).toBe('The room is moving to another server; reconnecting in 3 s');
  expect(waiting('channel-full')).toBe('The room is full; trying again in 3 s');
  expect(linkWords({ state: 'waiting', reason: 'unreachable', message: '', untilMs: 0 }, 1_000).words).toMatch(
    /reconnecting…/,
  );
  expect(linkWords({ state: 'ended', reason: 'replaced', message: '' }, 0)).toMatchObject({ again: 'Rejoin here' });
  expect(linkWords({ state: 'ended', reason: 'channel-deleted', message: '' }, 0)).toMatchObject({ again: undefined });
  for (const reason of ['not-a-member', 'wrong-kind', 'banned'] as const)
    expect(linkWords({ state: 'ended', reason, message: '' }, 0).again).toBeUndefined();
  const banned = { state: 'ended', reason: 'banned', message: 'until 5', untilMs: 5_000 } as const;
  expect(linkWords(banned, 4_999)).toMatchObject({ words: 'until 5', again: undefined });
  expect(linkWords(banned, 5_000).again).toBe('Rejoin here');
  const lost = { state: 'waiting', reason: 'unreachable', message: '', untilMs: 3_400 } as const;
  expect(linkWords(lost, 1_000, false)).toMatchObject({ steady: 'You are offline', again: 'Try now' });
  const full = { state: 'waiting', reason: 'channel-full', message: '', untilMs: 3_400 } as const;
  expect(linkWords(full, 1_000).steady).toBe('The room is full');
  expect(linkWords({ ...full, reason: 'unreachable' }, 1_000).steady).toBe('Connection lost');
  expect(linkWords({ state: 'live' }, 0)).toMatchObject({ tone: 'good', words: 'Live' });
});

test('describes the users who are typing', () => {
  const typing = ['bob', 'eve', 'dan'].map((userId) => ({ userId, untilMs: 10 }));
  const words = (count: number, nowMs = 5) => typingWords(typing.slice(0, count), { bob: 'Bob' }, nowMs);
  expect([0, 1, 2, 3].map((count) => words(count))).toEqual([
    '',
    'Bob is typing',
    'Bob and eve are typing',
    'Bob and 2 others are typing',
  ]);
  expect(words(3, 10)).toBe('');
});

test('a sign-out can have a notice, and some reasons end the session', () => {
  expect(sessionReducer({ state: 'unknown' }, { type: 'out', notice: 'why' })).toEqual({ state: 'out', notice: 'why' });
  expect([endsSession('logged-out'), endsSession('channel-full')]).toEqual([true, false]);
});

test('a store notifies its listeners only of changes', () => {
  const store = new Store((state: number, add: number) => state + add, 1);
  const seen: number[] = [];
  const forget = store.subscribe(() => seen.push(store.state()));
  store.dispatch(2);
  store.dispatch(0);
  forget();
  store.dispatch(1);
  expect([seen, store.state()]).toEqual([[3], 4]);
});

test('shows a message with a pending change as sending', () => {
  const change = { ...queued('e').outgoing, do: 'edit', target: 4 } as const;
  const editing = conversationReducer(talk(), { type: 'queued', outgoing: change });
  expect(timeline(editing).at(-1)).toMatchObject({ delivery: 'sending', line: { text: 'e' } });
});

test('lastOwn() returns nothing while a newer message of this user is pending or failed', () => {
  expect(lastOwn(talk())?.text).toBe('d');
  const waiting = conversationReducer(talk(), queued('c5'));
  expect(lastOwn(waiting)).toBeUndefined();
  expect(lastOwn(conversationReducer(waiting, { type: 'failed', id: 'c5', why: 'no' }))).toBeUndefined();
});

test('the first row says whether older messages exist, have expired or were never stored', () => {
  const whole = { ...talk(), hasOlder: false };
  const cut = { ...whole, lines: whole.lines.slice(1) };
  const channel = { users: [], retention: { nothing: true } } as unknown as NonNullable<ConversationState['channel']>;
  const begins = (state: ConversationState) => timeline(state)[0];
  expect(begins(talk())).toMatchObject({ begins: 'older' });
  expect(begins(whole)).toMatchObject({ begins: 'beginning' });
  expect(begins(cut)).toMatchObject({ begins: 'expired' });
  expect(begins({ ...cut, channel })).toMatchObject({ begins: 'not kept' });
  expect(begins({ ...cut, lines: [], place: { log: 'log', seq: 0 } })).toMatchObject({ begins: 'beginning' });
});

test('returns a notice if the server did not confirm the sign-out', () => {
  expect(unconfirmedNotice('logged-out')).toBeUndefined();
  expect(unconfirmedNotice('expired-token')).toBeUndefined();
  expect(unconfirmedNotice(undefined)).toMatch(/^You are signed out here/);
  expect(unconfirmedNotice('unavailable')).toMatch(/^You are signed out here/);
});
