import type { Outgoing } from '../src/state/outgoing.js';
import { placeOf } from '../src/state/place.js';
import { unsentOf, unsentWords } from '../src/state/unsent.js';

const one = (what: Outgoing['do']): Outgoing => ({
  id: what,
  at: 0,
  do: what,
  text: 'x',
  target: 1,
  failed: undefined,
});

test('counts messages, changes and non-empty drafts as unsent', () => {
  const words = (outgoing: Outgoing[], drafts: string[]) => unsentWords(unsentOf(outgoing, drafts));
  expect(words([], ['', ' \n'])).toBeUndefined();
  expect(words([one('say')], [])).toBe('1 message has not been sent');
  expect(words([one('edit')], [])).toBe('1 change has not been sent');
  expect(words([one('say'), one('delete'), one('react')], ['a', 'b'])).toBe(
    '1 message, 2 changes, and 2 drafts have not been sent',
  );
});

test('recognises every fragment that names nothing in the page', () => {
  const nothing = { kind: undefined, channelId: undefined, seq: undefined, inviteId: undefined };
  for (const hash of ['', '#', '#rooms']) expect(placeOf(hash)).toEqual({ ...nothing, isNone: false });
  expect(placeOf('#room-12')).toEqual({ ...nothing, kind: 'room', channelId: 12, isNone: false });
  expect(placeOf('#chat-12/120')).toEqual({ ...nothing, kind: 'chat', channelId: 12, seq: 120, isNone: false });
  for (const hash of ['#room-0', '#room-9999999999', '#room-x', '#Room-1', '#room', '#rooms/1', '#12', '#/room/1'])
    expect(placeOf(hash)).toEqual({ ...nothing, isNone: true });
});
