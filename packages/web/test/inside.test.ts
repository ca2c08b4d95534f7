import type { Channel, User } from '@parley/client';
import { type ConversationAction, converse, noConversation } from '../src/state/conversation.js';
import { insideOf } from '../src/state/inside.js';
import { furnish, noRooms, roomsOf } from '../src/state/rooms.js';

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
  insideOf(actions.reduce(converse, noConversation('ann')), { users: listed.map(user), userCount: listed.length });

test('while one is there the room says who is inside, else the list: who and how many are of one source', () => {
  expect(inside([welcome], ['eve'])).toMatchObject({ ids: ['ann', 'bob'], count: 2 });
  const elsewhere = inside([welcome, ended('replaced')], ['eve']);
  expect(elsewhere).toMatchObject({ ids: ['eve'], count: 1, names: { eve: 'EVE' } });
  expect(inside([welcome, ended('channel-deleted')], ['eve'])).toMatchObject({ ids: [], count: 0 });
});

test('who leaves a room is inside no more, whatever the list last said', () => {
  const room = { id: 1, name: 'den', users: [user('ann'), user('bob')], userCount: 2 } as Channel;
  const changed = [room, { ...room, id: 2 }];
  const listed = furnish(noRooms, { type: 'listed', part: 'listed', ids: [1, 2], changed, more: false });
  const left = furnish(listed, { type: 'left', id: 1, userId: 'ann' });
  expect(roomsOf(left, 'listed').map(({ users }) => users.map(({ id }) => id))).toEqual([['bob'], ['ann', 'bob']]);
  expect(left.channels[1]?.userCount).toBe(1);
});
