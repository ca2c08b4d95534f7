import { type Channel, ChannelKind, type User } from '@parley/client';
import { conversationReducer } from '../src/state/conversation.js';
import { type ConversationAction, noConversation } from '../src/state/conversation-state.js';
import { occupantsOf } from '../src/state/occupants.js';
import { noRooms, roomsOf, roomsReducer } from '../src/state/rooms.js';

const user = (id: string) => ({ id, name: id.toUpperCase() }) as User;
const welcome: ConversationAction = {
  type: 'welcome',
  channel: { id: 1 } as Channel,
  here: [user('ann'), user('bob')],
  count: 2,
  place: { log: 'log', seq: 0 },
  maxBytes: 100,
  aheadMs: 0,
};
const ended = (reason: 'replaced' | 'channel-deleted'): ConversationAction => ({
  type: 'link',
  link: { state: 'ended', reason, message: '' },
});
const inside = (actions: ConversationAction[], listed: string[]) =>
  occupantsOf(actions.reduce(conversationReducer, noConversation('ann')), {
    users: listed.map(user),
    userCount: listed.length,
  });

test('takes users and their number from the room while connected, and otherwise from the list', () => {
  expect(inside([welcome], ['eve'])).toMatchObject({ ids: ['ann', 'bob'], count: 2 });
  const elsewhere = inside([welcome, ended('replaced')], ['eve']);
  expect(elsewhere).toMatchObject({ ids: ['eve'], count: 1, names: { eve: 'EVE' } });
  expect(inside([welcome, ended('channel-deleted')], ['eve'])).toMatchObject({ ids: [], count: 0 });
});

test('no longer shows a user who has left, even before the list of rooms is polled again', () => {
  const room = {
    id: 1,
    kind: ChannelKind.ROOM,
    name: 'den',
    users: [user('ann'), user('bob')],
    userCount: 2,
  } as Channel;
  const changed = [room, { ...room, id: 2 }];
  const listed = roomsReducer(noRooms, { type: 'listed', part: 'listed', ids: [1, 2], changed, more: false });
  const left = roomsReducer(listed, { type: 'left', id: 1, userId: 'ann' });
  expect(roomsOf(left, 'listed').map(({ users }) => users.map(({ id }) => id))).toEqual([['bob'], ['ann', 'bob']]);
  expect(left.channels[1]?.userCount).toBe(1);
});
