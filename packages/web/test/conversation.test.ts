import type { Channel, EntryEvent, User } from '@parley/client';
import { conversationReducer } from '../src/state/conversation.js';
import {
  type ConversationAction,
  type ConversationState,
  firstSeq,
  lastSeq,
  noConversation,
} from '../src/state/conversation-state.js';
import { type Outgoing, withPending } from '../src/state/outgoing.js';
import { about, said, withoutFiles } from './entries.js';

const user = (id: string) => ({ id, name: id.toUpperCase() }) as User;
const channel = { id: 1, name: 'den' } as Channel;
const facts = { maxBytes: 100, aheadMs: 0 };
const [log, otherLog] = ['log-1', 'log-2'];

function after(...actions: ConversationAction[]): ConversationState {
  return actions.reduce(conversationReducer, noConversation('ann'));
}

function welcome(seq = 0): ConversationAction {
  return { type: 'welcome', channel, here: [user('ann'), user('bob')], count: 2, place: { log, seq }, ...facts };
}

function entries(...all: EntryEvent[]): ConversationAction {
  return { type: 'entries', entries: all, place: { log, seq: all.at(-1)?.seq ?? 0 } };
}

function outgoing(fields: Partial<Outgoing> = {}): Outgoing {
  return { id: 'mine', at: 1, do: 'say', text: 'hello', target: undefined, failed: undefined, ...fields };
}

const textsOf = ({ lines }: ConversationState) => lines.map((line) => (line.type === 'said' ? line.text : line.type));

test('folds entries into lines in any order, and ignores duplicates', () => {
  const state = after(
    welcome(),
    entries(said(2, 'bob', 'two'), said(1, 'ann', 'one')),
    entries(
      said(2, 'bob', 'two'),
      about(3, 'bob', 'edit', 2, 'too'),
      about(4, 'ann', 'react', 2, '+'),
      about(5, 'ann', 'react', 2, '+'),
    ),
  );
  expect(textsOf(state)).toEqual(['one', 'too']);
  expect(state.lines[1]).toMatchObject({ editedAt: 180_000, reactions: [{ emoji: '+', userIds: ['ann'], count: 1 }] });
  const gone = [entries(about(6, 'ann', 'unreact', 2, '+')), entries(about(7, 'bob', 'delete', 2))].reduce(
    conversationReducer,
    state,
  );
  expect(gone.lines[1]).toMatchObject({ text: '', deleted: true, reactions: [] });
  expect([firstSeq(gone), lastSeq(gone)]).toEqual([1, 7]);
});

test('shows whether a message is pinned: after a page, after pins, and before the server has confirmed one', () => {
  const pinnedOf = (state: ConversationState) =>
    state.lines.map((line) => line.type === 'said' && line.pinned === true);
  const state = after(welcome(), entries({ ...said(1, 'bob', 'one'), pinnedAt: 5 }, said(2, 'bob', 'two')));
  expect(pinnedOf(state)).toEqual([true, false]);
  const changed = conversationReducer(state, entries(about(3, 'cy', 'unpin', 1), about(4, 'cy', 'pin', 2)));
  expect(pinnedOf(changed).slice(0, 2)).toEqual([false, true]);
  expect(pinnedOf(conversationReducer(changed, entries(about(5, 'bob', 'delete', 2)))).slice(0, 2)).toEqual([
    false,
    false,
  ]);
  const pinning = outgoing({ do: 'pin', text: '', target: 2 });
  expect(withPending(state.lines, [pinning], 'ann')[1]).toMatchObject({ pinned: true });
  const queued = conversationReducer(state, { type: 'queued', outgoing: pinning });
  const taken = conversationReducer(queued, { type: 'taken', id: 'mine', seq: 3, at: 9 });
  expect(pinnedOf(taken)).toEqual([true, true]);
});

test('a message that mentions a former member mentions nobody in the next attempt', () => {
  const waiting = after(welcome(), { type: 'queued', outgoing: outgoing({ mentions: ['gone'] }) });
  const failed = conversationReducer(waiting, { type: 'failed', id: 'mine', why: 'why', withoutMentions: true });
  expect(failed.outgoing[0]).toMatchObject({ failed: 'why', mentions: undefined });
  const other = conversationReducer(waiting, { type: 'failed', id: 'mine', why: 'why' });
  expect(other.outgoing[0]).toMatchObject({ failed: 'why', mentions: ['gone'] });
});

test('moves a pending message into the log once it is confirmed, without a duplicate', () => {
  const waiting = after(welcome(), { type: 'queued', outgoing: outgoing() });
  expect(waiting.outgoing).toHaveLength(1);
  const echoed = conversationReducer(waiting, entries(said(1, 'ann', 'hello', { clientId: 'mine' })));
  expect([echoed.outgoing, textsOf(echoed)]).toEqual([[], ['hello']]);
  const acked = conversationReducer(waiting, { type: 'taken', id: 'mine', seq: 1, at: 9 });
  expect([acked.outgoing, textsOf(acked)]).toEqual([[], ['hello']]);
  expect(textsOf(conversationReducer(acked, entries(said(1, 'ann', 'hello', { clientId: 'mine' }))))).toEqual([
    'hello',
  ]);
  expect(acked.place).toEqual({ log, seq: 0 });
});

test('shows the edit that is last in the order of the server, whichever is confirmed last', () => {
  const edit = (id: string, text: string) => outgoing({ id, do: 'edit', text, target: 1, at: 9_000_000 });
  const base = [
    welcome(),
    entries(said(1, 'ann', 'one')),
    { type: 'queued', outgoing: edit('first', 'of tab 1') },
    { type: 'queued', outgoing: edit('second', 'of tab 2') },
  ] as const;
  const confirm = (id: string, seq: number) => ({ type: 'taken', id, seq, at: 5 }) as const;
  expect(textsOf(after(...base, confirm('second', 3), confirm('first', 2)))).toEqual(['of tab 2']);
  expect(textsOf(after(...base, confirm('second', 2), confirm('first', 3)))).toEqual(['of tab 1']);
  const echoed = entries(about(2, 'ann', 'edit', 1, 'of tab 1'), about(3, 'ann', 'edit', 1, 'of tab 2'));
  expect(textsOf(after(...base, echoed, confirm('first', 2)))).toEqual(['of tab 2']);
  expect(textsOf(after(...base, entries(about(3, 'ann', 'delete', 1)), confirm('first', 2)))).toEqual(['']);
});

test('does not confirm a pending message when another user sends the same client id', () => {
  const state = after(
    welcome(),
    { type: 'queued', outgoing: outgoing() },
    entries(said(1, 'bob', 'x', { clientId: 'mine' })),
  );
  expect(state.outgoing).toHaveLength(1);
});

test('keeps the reason of a failed message, which can be retried or discarded', () => {
  const failed = after(
    welcome(),
    { type: 'queued', outgoing: outgoing() },
    { type: 'failed', id: 'mine', why: 'too large' },
  );
  expect(failed.outgoing[0]?.failed).toBe('too large');
  expect(conversationReducer(failed, { type: 'retried', id: 'mine', at: 5 }).outgoing[0]).toMatchObject({
    failed: undefined,
    at: 5,
  });
  expect(conversationReducer(failed, { type: 'discarded', id: 'mine' }).outgoing).toEqual([]);
});

const ended = (reason: 'channel-deleted' | 'logged-out' | 'replaced'): ConversationAction => ({
  type: 'link',
  link: { state: 'ended', reason, message: 'This session has ended.' },
});

test.each([
  ['channel-deleted', 'This room was deleted.'],
  ['logged-out', 'This session has ended.'],
  ['replaced', undefined],
] as const)('marks pending messages as failed after the conversation ended with %s (shown text: %s)', (reason, why) => {
  const queued = { type: 'queued', outgoing: outgoing() } as const;
  expect(after(welcome(), queued, ended(reason)).outgoing).toMatchObject([{ failed: why }]);
  expect(after(welcome(), ended(reason), queued).outgoing).toMatchObject([{ failed: why }]);
  const tooLarge = { type: 'failed', id: 'mine', why: 'too large' } as const;
  expect(after(welcome(), queued, tooLarge, ended(reason)).outgoing).toMatchObject([{ failed: 'too large' }]);
});

test('knows the name of its own user from the start', () => {
  const first = noConversation('ann', { ann: 'Ann' });
  const bookmarked = { place: undefined, readSeq: 0, outgoing: [], names: { bob: 'Bob' }, channel, aheadMs: 0 };
  expect(conversationReducer(first, { type: 'cached', bookmarked, lines: [] }).names).toEqual({
    ann: 'Ann',
    bob: 'Bob',
  });
});

test('a stored name does not replace the one that the list of chats has', () => {
  const first = noConversation('ann', { ann: 'Ann', bob: 'Robert' });
  const names = { bob: 'Bob', cy: 'Cy' };
  const bookmarked = { place: undefined, readSeq: 0, outgoing: [], names, channel, aheadMs: 0 };
  const state = conversationReducer(first, { type: 'cached', bookmarked, lines: [] });
  expect(state.names).toEqual({ ann: 'Ann', bob: 'Robert', cy: 'Cy' });
});

test('shows pending changes, but not failed ones', () => {
  const { lines } = after(welcome(), entries(said(1, 'ann', 'one')));
  const edit = outgoing({ do: 'edit', text: 'won', target: 1 });
  expect(withPending(lines, [edit], 'ann')[0]).toMatchObject({ text: 'won' });
  expect(withPending(lines, [{ ...edit, failed: 'no' }], 'ann')[0]).toMatchObject({ text: 'one' });
  expect(withPending(lines, [outgoing({ do: 'react', text: '+', target: 1 })], 'ann')[0]).toMatchObject({
    reactions: [{ emoji: '+', userIds: ['ann'] }],
  });
});

test('keeps the lines of the old log after a reset, and starts with an empty new one', () => {
  const state = after(
    welcome(),
    entries(said(1, 'bob', 'old')),
    { type: 'read', seq: 1 },
    { type: 'reset', place: { log: otherLog, seq: 7 } },
  );
  expect(state).toMatchObject({ lines: [], place: { log: otherLog, seq: 7 }, readSeq: 0 });
  expect(state.earlier).toHaveLength(1);
});

test('inserts an older page, unless it is of another log', () => {
  const state = after(welcome(5), entries(said(5, 'bob', 'five')));
  const page = { type: 'page', entries: [said(4, 'bob', 'four'), said(3, 'bob', 'three')], more: true } as const;
  expect(textsOf(conversationReducer(state, { ...page, log }))).toEqual(['three', 'four', 'five']);
  expect(conversationReducer(state, { ...page, log: otherLog })).toBe(state);
});

test('reloads lines that were read while the room was full, once there is a seat', () => {
  const full = after({ type: 'page', log, entries: [said(1, 'bob', 'one')], more: false });
  expect(conversationReducer(full, welcome(9))).toMatchObject({ lines: [], hasOlder: true, place: { log, seq: 9 } });
});

test('drops expired messages of every log, and does not look for older ones', () => {
  const old = after(welcome(), entries(said(1, 'bob', 'one')), { type: 'reset', place: { log: otherLog, seq: 0 } });
  const both = conversationReducer(old, entries(said(1, 'bob', 'two'), said(2, 'bob', 'three')));
  const state = conversationReducer(both, { type: 'expired', beforeMs: 120_000 });
  expect([textsOf(state), state.earlier, state.hasOlder]).toEqual([['three'], [], false]);
  expect(conversationReducer(state, { type: 'expired', beforeMs: 120_000 })).toBe(state);
});

test('drops lines that may have changed during a gap, and reloads them', () => {
  const state = after(welcome(), entries(said(1, 'bob', 'one'), said(5, 'bob', 'five')), {
    type: 'stale',
    beforeSeq: 3,
  });
  expect([textsOf(state), state.hasOlder]).toEqual([['five'], true]);
});

test('keeps the retention from the list if the welcome has none', () => {
  const listed = { ...channel, kind: 1, retention: { seconds: 9, maxCount: 0 } } as Channel;
  const state = after({ type: 'described', channel: listed }, welcome());
  expect(state.channel).toMatchObject({ name: 'den', kind: 1, retention: { seconds: 9 } });
});

test('shows why a message is delayed and when it will be sent, until it is accepted or rejected', () => {
  const held = { why: 'slow', untilMs: 9 };
  const state = after(welcome(), { type: 'queued', outgoing: outgoing() }, { type: 'held', id: 'mine', held });
  expect(state.outgoing[0]).toMatchObject({ held });
  expect(conversationReducer(state, { type: 'failed', id: 'mine', why: 'no' }).outgoing[0]).toMatchObject({
    held: undefined,
  });
});

test('counts reactions correctly even if the server does not name every user', () => {
  const many = { emoji: '+', count: 5, userIds: ['bob', 'eve'], mine: true };
  const told = { ...said(1, 'bob', 'one'), reactions: [many] };
  const state = after(welcome(), { type: 'entries', entries: [told], place: { log, seq: 1 } });
  const reactionsOf = ({ lines }: ConversationState) => (lines[0]?.type === 'said' ? lines[0].reactions : []);
  expect(reactionsOf(state)).toEqual([{ emoji: '+', count: 5, userIds: ['bob', 'eve', 'ann'] }]);
  const again = conversationReducer(state, entries(about(2, 'ann', 'react', 1, '+')));
  expect(reactionsOf(again)[0]?.count).toBe(5);
  const less = conversationReducer(
    state,
    entries(about(2, 'ann', 'unreact', 1, '+'), about(3, 'unnamed', 'unreact', 1, '+')),
  );
  expect(reactionsOf(less)).toEqual([{ emoji: '+', count: 3, userIds: ['bob', 'eve'] }]);
});

test('takes over the state of the leading tab and keeps older lines of its own', () => {
  const theirs = after(welcome(), entries(said(3, 'bob', 'three!')), { type: 'link', link: { state: 'live' } });
  const mine = after(welcome(), entries(said(1, 'bob', 'one'), said(3, 'bob', 'three')));
  const state = conversationReducer(mine, { type: 'snapshot', state: theirs });
  expect(textsOf(state)).toEqual(['one', 'three!']);
  expect(state.link).toEqual({ state: 'live' });
});

test('tracks users in the room, typing users and the read position', () => {
  const state = after(
    welcome(),
    { type: 'typing', userId: 'bob', untilMs: 9 },
    { type: 'typing', userId: 'ann', untilMs: 9 },
    { type: 'read', seq: 3 },
    { type: 'read', seq: 2 },
  );
  expect(state).toMatchObject({ here: ['ann', 'bob'], hereCount: 2, readSeq: 3, names: { ann: 'ANN', bob: 'BOB' } });
  expect(state.typing).toEqual([{ userId: 'bob', untilMs: 9 }]);
  expect(conversationReducer(state, entries(said(1, 'bob', 'x'))).typing).toEqual([]);
  const gone = conversationReducer(state, { type: 'presence', here: [user('ann')], count: 1 });
  expect([gone.typing, gone.here, gone.names]).toEqual([[], ['ann'], { ann: 'ANN', bob: 'BOB' }]);
});

test('trims lines in memory and remembers that older ones exist', () => {
  const state = after(welcome(), entries(...[1, 2, 3, 4].map((seq) => said(seq, 'bob', `${seq}`))), {
    type: 'page',
    log,
    entries: [],
    more: false,
  });
  const cut = (over: number, to: number, characters = 9) =>
    conversationReducer(state, { type: 'cut', over: { lines: over, characters }, to: { lines: to, characters } });
  expect(cut(3, 2)).toMatchObject({ hasOlder: true, lines: [{ seq: 3 }, { seq: 4 }] });
  expect(cut(4, 2)).toBe(state);
  expect(cut(9, 9, 4)).toBe(state);
  expect(cut(9, 9, 3).lines).toHaveLength(3);
});

test('keeps roles, pins and mentions of this user in the lines', () => {
  const facts = { timestamp: 1, sender: 'bob', clientId: '' };
  const state = after(welcome(), {
    type: 'entries',
    entries: [
      { ...said(1, 'bob', 'hi @ann'), mentions: ['ann'] },
      { type: 'member', seq: 2, userId: 'cy', userIds: ['cy'], joined: true, role: 'admin', by: 'bob', ...facts },
      { type: 'pin', seq: 3, target: 1, ...facts },
      { ...said(4, 'bob', 'hi @cy'), mentions: ['cy'] },
      {
        type: 'member',
        seq: 5,
        userId: 'di',
        userIds: ['di', 'ed'],
        joined: true,
        role: 'member',
        by: 'bob',
        ...facts,
      },
    ],
    place: { log, seq: 5 },
  });
  expect(state.lines).toMatchObject([
    { type: 'said', mentionsMe: true, mentions: ['ann'], pinned: true },
    { type: 'member', userId: 'cy', role: 'admin' },
    { type: 'pin', sender: 'bob', target: 1 },
    { type: 'said' },
    { type: 'member', userIds: ['di', 'ed'] },
  ]);
  expect(state.lines[1]).not.toHaveProperty('userIds');
  expect(state.lines[3]).not.toHaveProperty('mentionsMe');
});

test('moves the line "new messages" only if messages were missed while the page was not connected', () => {
  const read = after(welcome(), entries(said(1, 'bob', 'one')), { type: 'read', seq: 1 });
  const missed = conversationReducer(read, welcome(3));
  expect(missed.openedAtSeq).toBe(1);
  expect(conversationReducer(read, welcome(1)).openedAtSeq).toBe(0);
});

test('a message has the files of its entry; an entry of an earlier version of the page has none', () => {
  const { lines } = after(
    welcome(),
    entries({ ...said(1, 'bob', ''), fileIds: ['f'] }, withoutFiles(said(2, 'bob', 'two'))),
  );
  expect(lines).toMatchObject([{ fileIds: ['f'] }, { text: 'two' }]);
  expect(lines[1]).not.toHaveProperty('fileIds');
});
