import type { Channel, User } from '@parley/client';
import {
  type ConversationAction,
  type ConversationState,
  converse,
  firstSeq,
  lastSeq,
  noConversation,
} from '../src/state/conversation.js';
import { foreseen, type Outgoing } from '../src/state/outgoing.js';
import { about, said } from './entries.js';

const user = (id: string) => ({ id, name: id.toUpperCase() }) as User;
const channel = { id: 1, name: 'den' } as Channel;
const facts = { maxBytes: 100, aheadMs: 0 };
const [log, otherLog] = ['log-1', 'log-2'];

function after(...actions: ConversationAction[]): ConversationState {
  return actions.reduce(converse, noConversation('ann'));
}

function welcome(seq = 0): ConversationAction {
  return { type: 'welcome', channel, here: [user('ann'), user('bob')], count: 2, place: { log, seq }, ...facts };
}

function entries(...all: ReturnType<typeof said | typeof about>[]): ConversationAction {
  return { type: 'entries', entries: all, place: { log, seq: all.at(-1)?.seq ?? 0 } };
}

function outgoing(fields: Partial<Outgoing> = {}): Outgoing {
  return { id: 'mine', at: 1, do: 'say', text: 'hello', target: undefined, failed: undefined, ...fields };
}

const textsOf = ({ lines }: ConversationState) => lines.map((line) => (line.type === 'said' ? line.text : line.type));

test('entries fold into lines, in any order, and twice is once', () => {
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
    converse,
    state,
  );
  expect(gone.lines[1]).toMatchObject({ text: '', deleted: true, reactions: [] });
  expect([firstSeq(gone), lastSeq(gone)]).toEqual([1, 7]);
});

test('what is said waits, then is in the log, once', () => {
  const waiting = after(welcome(), { type: 'queued', outgoing: outgoing() });
  expect(waiting.outgoing).toHaveLength(1);
  const echoed = converse(waiting, entries(said(1, 'ann', 'hello', { clientId: 'mine' })));
  expect([echoed.outgoing, textsOf(echoed)]).toEqual([[], ['hello']]);
  const acked = converse(waiting, { type: 'taken', id: 'mine', seq: 1, at: 9 });
  expect([acked.outgoing, textsOf(acked)]).toEqual([[], ['hello']]);
  expect(textsOf(converse(acked, entries(said(1, 'ann', 'hello', { clientId: 'mine' }))))).toEqual(['hello']);
  expect(acked.place).toEqual({ log, seq: 0 });
});

test('the client id of somebody else is not mine', () => {
  const state = after(
    welcome(),
    { type: 'queued', outgoing: outgoing() },
    entries(said(1, 'bob', 'x', { clientId: 'mine' })),
  );
  expect(state.outgoing).toHaveLength(1);
});

test('what failed says why, and can be sent again or discarded', () => {
  const failed = after(
    welcome(),
    { type: 'queued', outgoing: outgoing() },
    { type: 'failed', id: 'mine', why: 'too large' },
  );
  expect(failed.outgoing[0]?.failed).toBe('too large');
  expect(converse(failed, { type: 'retried', id: 'mine', at: 5 }).outgoing[0]).toMatchObject({
    failed: undefined,
    at: 5,
  });
  expect(converse(failed, { type: 'discarded', id: 'mine' }).outgoing).toEqual([]);
});

const ended = (reason: 'channel-deleted' | 'logged-out' | 'replaced'): ConversationAction => ({
  type: 'link',
  link: { state: 'ended', reason, message: 'This session has ended.' },
});

test.each([
  ['channel-deleted', 'This room was deleted.'],
  ['logged-out', 'This session has ended.'],
  ['replaced', undefined],
] as const)('where it ended, %s, what waits has failed for the reason %s', (reason, why) => {
  const queued = { type: 'queued', outgoing: outgoing() } as const;
  expect(after(welcome(), queued, ended(reason)).outgoing).toMatchObject([{ failed: why }]);
  expect(after(welcome(), ended(reason), queued).outgoing).toMatchObject([{ failed: why }]);
  const tooLarge = { type: 'failed', id: 'mine', why: 'too large' } as const;
  expect(after(welcome(), queued, tooLarge, ended(reason)).outgoing).toMatchObject([{ failed: 'too large' }]);
});

test('one is called by one’s name from the beginning', () => {
  const first = noConversation('ann', { ann: 'Ann' });
  const bookmarked = { place: undefined, readSeq: 0, outgoing: [], names: { bob: 'Bob' }, channel, aheadMs: 0 };
  expect(converse(first, { type: 'cached', bookmarked, lines: [] }).names).toEqual({ ann: 'Ann', bob: 'Bob' });
});

test('changes are foreseen while they are under way, and not once they failed', () => {
  const { lines } = after(welcome(), entries(said(1, 'ann', 'one')));
  const edit = outgoing({ do: 'edit', text: 'won', target: 1 });
  expect(foreseen(lines, [edit], 'ann')[0]).toMatchObject({ text: 'won' });
  expect(foreseen(lines, [{ ...edit, failed: 'no' }], 'ann')[0]).toMatchObject({ text: 'one' });
  expect(foreseen(lines, [outgoing({ do: 'react', text: '+', target: 1 })], 'ann')[0]).toMatchObject({
    reactions: [{ emoji: '+', userIds: ['ann'] }],
  });
});

test('another log: what was heard stays to be read, and nothing of it counts any more', () => {
  const state = after(
    welcome(),
    entries(said(1, 'bob', 'old')),
    { type: 'read', seq: 1 },
    { type: 'reset', place: { log: otherLog, seq: 7 } },
  );
  expect(state).toMatchObject({ lines: [], place: { log: otherLog, seq: 7 }, readSeq: 0 });
  expect(state.earlier).toHaveLength(1);
});

test('a page goes before what is here, unless it is of another log', () => {
  const state = after(welcome(5), entries(said(5, 'bob', 'five')));
  const page = { type: 'page', entries: [said(4, 'bob', 'four'), said(3, 'bob', 'three')], more: true } as const;
  expect(textsOf(converse(state, { ...page, log }))).toEqual(['three', 'four', 'five']);
  expect(converse(state, { ...page, log: otherLog })).toBe(state);
});

test('what was read while the room was full is read again with a seat, for what was said in between is not in it', () => {
  const full = after({ type: 'page', log, entries: [said(1, 'bob', 'one')], more: false });
  expect(converse(full, welcome(9))).toMatchObject({ lines: [], hasOlder: true, place: { log, seq: 9 } });
});

test('messages whose time is over go, of logs that are gone too, and nothing older is looked for', () => {
  const old = after(welcome(), entries(said(1, 'bob', 'one')), { type: 'reset', place: { log: otherLog, seq: 0 } });
  const both = converse(old, entries(said(1, 'bob', 'two'), said(2, 'bob', 'three')));
  const state = converse(both, { type: 'expired', beforeMs: 120_000 });
  expect([textsOf(state), state.earlier, state.hasOlder]).toEqual([['three'], [], false]);
  expect(converse(state, { type: 'expired', beforeMs: 120_000 })).toBe(state);
});

test('what may have changed unheard is asked for again', () => {
  const state = after(welcome(), entries(said(1, 'bob', 'one'), said(5, 'bob', 'five')), {
    type: 'stale',
    beforeSeq: 3,
  });
  expect([textsOf(state), state.hasOlder]).toEqual([['five'], true]);
});

test('a welcome that does not say what is kept leaves what the list said', () => {
  const listed = { ...channel, kind: 1, keep: { seconds: 9, maxCount: 0 } } as Channel;
  const state = after({ type: 'described', channel: listed }, welcome());
  expect(state.channel).toMatchObject({ name: 'den', kind: 1, keep: { seconds: 9 } });
});

test('a message that is held back says why and until when, until it is taken or refused', () => {
  const held = { why: 'slow', untilMs: 9 };
  const state = after(welcome(), { type: 'queued', outgoing: outgoing() }, { type: 'held', id: 'mine', held });
  expect(state.outgoing[0]).toMatchObject({ held });
  expect(converse(state, { type: 'failed', id: 'mine', why: 'no' }).outgoing[0]).toMatchObject({ held: undefined });
});

test('reactions are counted where not everybody is named', () => {
  const many = { emoji: '+', count: 5, userIds: ['bob', 'eve'], mine: true };
  const told = { ...said(1, 'bob', 'one'), reactions: [many] };
  const state = after(welcome(), { type: 'entries', entries: [told], place: { log, seq: 1 } });
  const reactionsOf = ({ lines }: ConversationState) => (lines[0]?.type === 'said' ? lines[0].reactions : []);
  expect(reactionsOf(state)).toEqual([{ emoji: '+', count: 5, userIds: ['bob', 'eve', 'ann'] }]);
  const again = converse(state, entries(about(2, 'ann', 'react', 1, '+')));
  expect(reactionsOf(again)[0]?.count).toBe(5);
  const less = converse(state, entries(about(2, 'ann', 'unreact', 1, '+'), about(3, 'unnamed', 'unreact', 1, '+')));
  expect(reactionsOf(less)).toEqual([{ emoji: '+', count: 3, userIds: ['bob', 'eve'] }]);
});

test('the leading tab knows better, but what this tab has read back stays', () => {
  const theirs = after(welcome(), entries(said(3, 'bob', 'three!')), { type: 'link', link: { state: 'live' } });
  const mine = after(welcome(), entries(said(1, 'bob', 'one'), said(3, 'bob', 'three')));
  const state = converse(mine, { type: 'snapshot', state: theirs });
  expect(textsOf(state)).toEqual(['one', 'three!']);
  expect(state.link).toEqual({ state: 'live' });
});

test('who is here, who types, and what is read', () => {
  const state = after(
    welcome(),
    { type: 'typing', userId: 'bob', untilMs: 9 },
    { type: 'typing', userId: 'ann', untilMs: 9 },
    { type: 'read', seq: 3 },
    { type: 'read', seq: 2 },
  );
  expect(state).toMatchObject({ here: ['ann', 'bob'], hereCount: 2, readSeq: 3, names: { ann: 'ANN', bob: 'BOB' } });
  expect(state.typing).toEqual([{ userId: 'bob', untilMs: 9 }]);
  expect(converse(state, entries(said(1, 'bob', 'x'))).typing).toEqual([]);
  const gone = converse(state, { type: 'presence', here: [user('ann')], count: 1 });
  expect([gone.typing, gone.here, gone.names]).toEqual([[], ['ann'], { ann: 'ANN', bob: 'BOB' }]);
});

test('what is kept in memory can be cut, and is known to have been more', () => {
  const state = after(welcome(), entries(...[1, 2, 3, 4].map((seq) => said(seq, 'bob', `${seq}`))), {
    type: 'page',
    log,
    entries: [],
    more: false,
  });
  const cut = (over: number, to: number, characters = 9) =>
    converse(state, { type: 'cut', over: { lines: over, characters }, to: { lines: to, characters } });
  expect(cut(3, 2)).toMatchObject({ hasOlder: true, lines: [{ seq: 3 }, { seq: 4 }] });
  expect(cut(4, 2)).toBe(state);
  expect(cut(9, 9, 4)).toBe(state);
  expect(cut(9, 9, 3).lines).toHaveLength(3);
});
