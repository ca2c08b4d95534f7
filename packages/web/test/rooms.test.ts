import type { Channel } from '@parley/client';
import { durationWords, hasHistory, messageHistoryText, retentionMs } from '../src/state/retention.js';
import { distinction } from '../src/state/room-names.js';
import {
  heldRooms,
  joinableChannels,
  noRooms,
  offeredChats,
  type RoomsPart,
  type RoomsState,
  roomsOf,
  roomsReducer,
} from '../src/state/rooms.js';

const room = (id: number, fields: Partial<Channel> = {}) =>
  ({ id, kind: 1, name: `room ${id}`, users: [], ...fields }) as unknown as Channel;
const list = (state: RoomsState, part: RoomsPart, ids: number[], changed: Channel[], more = false) =>
  roomsReducer(state, { type: 'listed', part, ids, changed, more });
const namesOf = (state: RoomsState, part: RoomsPart) => roomsOf(state, part).map(({ name }) => name);

test('lists own channels first and only once, in the order of the server', () => {
  const own = list(noRooms, 'mine', [7, 2], [room(7), room(2)]);
  const all = list(own, 'listed', [9, 7, 3], [room(9), room(3)], true);
  expect([namesOf(all, 'mine'), namesOf(all, 'listed'), all.more]).toEqual([
    ['room 7', 'room 2'],
    ['room 9', 'room 3'],
    true,
  ]);
});

test('keeps unchanged channels, replaces changed ones and forgets unlisted ones', () => {
  const before = list(noRooms, 'listed', [1, 2], [room(1), room(2)]);
  expect(list(before, 'listed', [1, 2], [])).toBe(before);
  const after = list(before, 'listed', [2], [room(2, { name: 'renamed' })]);
  expect([namesOf(after, 'listed'), Object.keys(after.channels)]).toEqual([['renamed'], ['2']]);
});

test('prefers fresh lists to the cache, caps unread counts and removes deleted channels', () => {
  const listed = list(noRooms, 'listed', [1, 2], [room(1), room(2)]);
  expect(roomsReducer(listed, { type: 'cached', listing: noRooms })).toBe(listed);
  expect(roomsReducer(listed, { type: 'unread', id: 1, count: 500 }).unread).toEqual({ 1: 100 });
  expect(namesOf(roomsReducer(listed, { type: 'deleted', id: 1 }), 'listed')).toEqual(['room 2']);
});

test.each([
  [10, '10 seconds'],
  [1, '1 second'],
  [1_800, '30 minutes'],
  [5_400, '1 hour 30 minutes'],
  [43_200, '12 hours'],
  [86_400, '1 day'],
  [129_600, '1 day 12 hours'],
  [604_800, '1 week'],
  [2_592_000, '4 weeks 2 days'],
])('formats %i seconds as %s', (seconds, words) => expect(durationWords(seconds)).toBe(words));

test.each([
  [{ kind: 1 }, false, 'Message history: off'],
  [{ kind: 3 }, true, 'Message history: unlimited'],
  [{ kind: 3, retention: { nothing: true, maxCount: 0 } }, false, 'Message history: off'],
  [{ kind: 1, retention: { seconds: 10, maxCount: 0 } }, true, 'Message history: 10 seconds'],
  [{ kind: 1, retention: { seconds: 0, maxCount: 0 } }, false, 'Message history: off'],
  [{ kind: 1, retention: { everything: true, maxCount: 30 } }, true, 'Message history: last 30 messages'],
  [{ kind: 1, retention: { seconds: 60, maxCount: 30 } }, true, 'Message history: 1 minute, up to 30 messages'],
] as const)('%j', (channel, kept, words) => {
  const full = { retention: undefined, ...channel };
  expect([hasHistory(full), messageHistoryText(full)]).toEqual([kept, words]);
});

test('expires messages only if the retention is a time', () => {
  expect(
    [{ seconds: 10, maxCount: 0 }, { everything: true, maxCount: 0 }, { nothing: true, maxCount: 0 }, undefined].map(
      (retention) => retentionMs({ retention }),
    ),
  ).toEqual([10_000, undefined, undefined, undefined]);
});

test('adds the number and the owner to rooms whose names look alike', () => {
  const [first, second, other] = [
    room(1, { name: 'lobby', ownerId: 'ann' }),
    room(2, { name: 'L\u043ebby', ownerId: '' }),
    room(3, { name: 'den', ownerId: 'ann' }),
  ];
  const channels = { 1: first, 2: second, 3: other };
  expect([first, second, other].map((one) => distinction(channels, one))).toEqual([
    'Room 1 by ann',
    'Room 2',
    undefined,
  ]);
});

test('heldRooms() keeps rooms in their places, even those that are gone, and adds new ones at the end', () => {
  const earlier = [room(1), room(2), room(9), room(3)];
  const held = heldRooms(earlier, [room(4), room(2, { name: 'renamed' }), room(1), room(3)]);
  expect(held.map(({ id }) => id)).toEqual([1, 2, 9, 3, 4]);
  expect(held[1]?.name).toBe('renamed');
});

test('lists rooms, joinable channels and offers apart', () => {
  const mine = list(
    noRooms,
    'mine',
    [1, 2, 3],
    [room(1), room(2, { kind: 3, myRole: 1 }), room(3, { kind: 5, offered: 1, myRole: 0 })],
  );
  const all = list(mine, 'listed', [4, 5], [room(4), room(5, { kind: 4 })]);
  const idsOf = (channels: readonly Channel[]) => channels.map(({ id }) => id);
  expect([idsOf(roomsOf(all, 'mine')), idsOf(roomsOf(all, 'listed'))]).toEqual([[1], [4]]);
  expect([idsOf(joinableChannels(all)), idsOf(offeredChats(all))]).toEqual([[5], [3]]);
});
