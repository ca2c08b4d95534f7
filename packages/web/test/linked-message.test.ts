import type { Channel } from '@parley/client';
import { type ConversationState, noConversation } from '../src/state/conversation-state.js';
import { fold } from '../src/state/lines.js';
import { isSettling, linkedMessage } from '../src/state/linked-message.js';
import { chatHref, placeOf, roomHref } from '../src/state/place.js';
import { about, said } from './entries.js';

const channel = { id: 1, name: 'team', kind: 3, retention: undefined } as Channel;
const lines = fold(
  [],
  [said(2_000, 'bob', 'old'), said(2_002, 'bob', 'new'), about(2_003, 'bob', 'delete', 2_002)],
  'ann',
);

function stateWith(change: Partial<ConversationState>): ConversationState {
  const place = { log: 'log-1', seq: 2_003 };
  return { ...noConversation('ann'), channel, place, lines, link: { state: 'live' }, ...change };
}

const why = (state: ConversationState, seq: number) => {
  const what = linkedMessage(state, seq);
  return what.do === 'explain' ? what.why : what.do;
};

test('a link to a message shows it, loads it, or says why neither is possible', () => {
  expect(why(stateWith({}), 2_000)).toBe('show');
  expect(why(stateWith({}), 1_000)).toBe('load');
  expect(why(stateWith({}), 100)).toMatch(/more than 1,500 messages back/);
  expect(why(stateWith({}), 2_002)).toMatch(/was deleted\.$/);
  expect(why(stateWith({}), 2_001)).toMatch(/was deleted, or it is no longer stored/);
  expect(why(stateWith({}), 3_000)).toMatch(/does not exist/);
  expect(why(stateWith({ hasOlder: false }), 1_000)).toMatch(/no longer stored/);
  expect(why(stateWith({ link: { state: 'ended', reason: 'removed', message: '' } }), 1_000)).toMatch(
    /not in this chat/,
  );
});

test('a link waits while the lines may be wrong', () => {
  expect(why(stateWith({ isStale: true }), 1_000)).toBe('wait');
  expect(why(stateWith({ link: { state: 'connecting' } }), 3_000)).toBe('wait');
  expect(why(stateWith({ isStale: true }), 2_000)).toBe('show');
});

test('a found message is not loaded again, but its deletion is explained', () => {
  expect(linkedMessage(stateWith({}), 2_000, true).do).toBe('nothing');
  expect(linkedMessage(stateWith({}), 1_000, true).do).toBe('nothing');
  expect(linkedMessage(stateWith({}), 2_002, true)).toMatchObject({ why: expect.stringMatching(/was deleted\.$/) });
});

test('lines settle when they are current, or when the page is offline', () => {
  expect(isSettling(stateWith({ link: { state: 'connecting' } }))).toBe(true);
  expect(isSettling(stateWith({ isStale: true }))).toBe(true);
  expect(isSettling(stateWith({}))).toBe(false);
  const waiting = { state: 'waiting', reason: 'unreachable', message: '', untilMs: 0 } as const;
  expect(isSettling(stateWith({ isStale: true, link: waiting }))).toBe(false);
});

test('addresses name a message of a chat or room', () => {
  expect(placeOf(chatHref(7, 120))).toMatchObject({ kind: 'chat', channelId: 7, seq: 120 });
  expect(placeOf(roomHref(7, 120))).toMatchObject({ kind: 'room', channelId: 7, seq: 120 });
});
