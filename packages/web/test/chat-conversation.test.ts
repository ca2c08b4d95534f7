import type { Channel } from '@parley/client';
import { conversationReducer } from '../src/state/conversation.js';
import { type ConversationAction, type ConversationState, noConversation } from '../src/state/conversation-state.js';
import { readingOf } from '../src/state/reading.js';
import { about, said } from './entries.js';

const channel = { id: 1, name: 'team', kind: 3, retention: undefined } as Channel;
const [log, otherLog] = ['log-1', 'log-2'];

function after(...actions: ConversationAction[]): ConversationState {
  return actions.reduce(conversationReducer, noConversation('ann'));
}

const summary = (seq: number, readSeq = 0, of = log): ConversationAction => ({
  ...{ type: 'summary', channel, place: { log: of, seq }, readSeq, receipts: {} },
});
const latest = (
  ...entries: Extract<ConversationAction, { type: 'latest' }>['entries'][number][]
): ConversationAction => ({
  ...{ type: 'latest', log, more: true },
  entries,
});
const entry = (
  ...entries: Extract<ConversationAction, { type: 'entries' }>['entries'][number][]
): ConversationAction => ({
  ...{ type: 'entries', entries },
  place: { log, seq: entries.at(-1)?.seq ?? 0 },
});
const textsOf = ({ lines }: ConversationState) => lines.map((line) => (line.type === 'said' ? line.text : line.type));

test('a chat is stale until its latest page has arrived, which replaces all older lines', () => {
  const behind = after(summary(2), latest(said(1, 'bob', 'one'), said(2, 'bob', 'two')), summary(4));
  expect([behind.isStale, textsOf(behind)]).toEqual([true, ['one', 'two']]);
  const current = [
    entry(said(5, 'bob', 'five')),
    latest(said(4, 'bob', 'four'), said(2, 'bob', 'two, edited meanwhile')),
  ].reduce(conversationReducer, behind);
  expect([current.isStale, textsOf(current)]).toEqual([false, ['two, edited meanwhile', 'four', 'five']]);
});

test('a chat whose lines reach the end of the log stays current, and an empty one has no older lines', () => {
  const current = after(summary(1), latest(said(1, 'bob', 'one')), entry(said(2, 'bob', 'two')), summary(2, 2));
  expect([current.isStale, current.readSeq, current.place]).toEqual([false, 2, { log, seq: 2 }]);
  expect(after(summary(0))).toMatchObject({ isStale: false, hasOlder: false });
});

test('a summary of another log turns the lines into earlier ones', () => {
  const state = after(summary(1), latest(said(1, 'bob', 'one')), summary(3, 0, otherLog));
  expect(state).toMatchObject({ isStale: true, lines: [], place: { log: otherLog, seq: 3 } });
  expect(state.earlier).toHaveLength(1);
  expect(conversationReducer(state, latest(said(2, 'bob', 'void'))).lines).toEqual([]);
});

test('receipts move forward only; a receipt of this user comes from another device', () => {
  const seqs = (deliveredSeq: number, readSeq: number) => ({ deliveredSeq, readSeq });
  const state = after(
    summary(9),
    { type: 'receipt', userId: 'bob', seqs: seqs(5, 3) },
    { type: 'receipt', userId: 'bob', seqs: seqs(4, 4) },
    { type: 'receipt', userId: 'cy', seqs: seqs(4, 0) },
    { type: 'receipt', userId: 'ann', seqs: seqs(9, 7) },
  );
  expect([state.receipts, state.readSeq]).toEqual([{ bob: seqs(5, 4), cy: seqs(4, 0) }, 7]);
  expect(readingOf(state.receipts, 4)).toEqual({ readBy: ['bob'], deliveredTo: ['cy'] });
  expect(readingOf(state.receipts, 5)).toEqual({ readBy: [], deliveredTo: ['bob'] });
});

test('a change that arrives while a page loads is applied to the page afterwards', () => {
  const state = after(summary(3), latest(said(1, 'bob', 'frist')), {
    ...{ type: 'entries', place: undefined },
    entries: [about(2, 'bob', 'edit', 1, 'first')],
  });
  expect(textsOf(state)).toEqual(['first']);
});
