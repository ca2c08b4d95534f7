import { pluralsOf } from '../plurals.js';

const plural = pluralsOf('en');

/** Texts about live rooms and the connection. */
export const enRooms = {
  room: 'Room',
  rooms: 'Live rooms',
  oneAtATime: 'You can be in one live room at a time, on one device.',
  create: 'Create room',
  none: 'There are no rooms yet. Create a room with the + button. Other people find it in this list. You can be in one live room at a time.',
  otherRooms: 'Other rooms',
  empty: 'Empty',
  occupancy: (count: number, most: number) => `${count} of ${most} people`,
  numbered: (id: number) => `Room ${id}`,
  numberedBy: (id: number, owner: string) => `Room ${id} by ${owner}`,
  mostPeople: 'Maximum number of people',
  mostPeopleHint: '1 to 25. When the room is full, others wait until someone leaves.',
  history: 'Message history',
  historyHint:
    'How far back people who join later can read. If it is off, messages are not stored, and you lose them when you leave or reload the page.',
  week: '1 week',
  unlimited: 'Unlimited',
  off: 'Off',
  historyOff: 'Message history: off',
  historyUnlimited: 'Message history: unlimited',
  historyLast: (count: number) => `Message history: last ${plural(count, { one: '# message', other: '# messages' })}`,
  historyFor: (time: string) => `Message history: ${time}`,
  historyForUpTo: (time: string, count: number) =>
    `Message history: ${time}, up to ${plural(count, { one: '# message', other: '# messages' })}`,
  weeks: (count: number) => plural(count, { one: '# week', other: '# weeks' }),
  days: (count: number) => plural(count, { one: '# day', other: '# days' }),
  hours: (count: number) => plural(count, { one: '# hour', other: '# hours' }),
  minutes: (count: number) => plural(count, { one: '# minute', other: '# minutes' }),
  seconds: (count: number) => plural(count, { one: '# second', other: '# seconds' }),
  inside: 'In this room',
  insideButton: ' people in this room (show list)',
  of: (most: number) => ` of ${most}`,
  leave: 'Leave room',
  leaveShort: 'Leave',
  leaveTitle: 'Leave this room?',
  allSent: 'Everything has been sent.',
  unsentLost: (unsent: string) => `${unsent} and can no longer be sent.`,
  unsentKept: (unsent: string) =>
    `${unsent}. This browser keeps what is unsent, and sends it when you come back to this room.`,
  leaveAnyway: 'Leave anyway',
  discardAndLeave: 'Discard and leave',
  stay: 'Stay',
  delete: 'Delete room',
  deleteTitle: 'Delete this room?',
  deleteHint: ' and all its messages will be deleted for everyone right away.',
  deleteOthers: (count: number) =>
    plural(count, {
      one: ' One other person is in it and will be disconnected.',
      other: ' # other people are in it and will be disconnected.',
    }),
  keep: 'Keep room',
  notFound: 'Room not found',
  notFoundHint: 'It may have been deleted, or the link may be incomplete.',
  inRoom: 'In ',
  elsewhereBefore: 'You are in ',
  elsewhereAfter: ' on another device',
  elsewhereHint: 'You can be in one live room at a time. If you enter this room, you leave the other one.',
  enter: 'Enter this room',
  stayThere: 'Stay there',
  live: 'Live',
  connecting: 'Connecting…',
  catchingUp: 'Catching up…',
  offline: 'You are offline',
  lost: 'Connection lost',
  entering: (why: string) => `${why}; entering…`,
  reconnecting: (why: string) => `${why}; reconnecting…`,
  enteringIn: (why: string, seconds: number) => `${why}; trying again in ${seconds} s`,
  reconnectingIn: (why: string, seconds: number) => `${why}; reconnecting in ${seconds} s`,
  tryNow: 'Try now',
  rejoin: 'Rejoin here',
};

export type RoomsWords = typeof enRooms;

/** Why a stay in a room ended, by reason. */
export const enEndings = {
  left: 'You left this room.',
  replaced: 'You are in a room in another tab or on another device.',
  'channel-deleted': 'This room was deleted.',
  'channel-not-found': 'This room does not exist, or you cannot see it.',
  'invalid-channel-id': 'This room does not exist, or you cannot see it.',
  removed: 'You were removed from this room. To come back, you need to be added again.',
  kicked: 'An operator disconnected you. You can come back.',
  banned: 'You are banned from this room. You cannot come back while the ban lasts.',
  'not-a-member': 'Only members can enter this room.',
  'wrong-kind': 'This kind of room cannot be entered.',
  'channel-full': 'The room is full.',
  'too-many-seats': 'You are in too many rooms at once. Leave one, then try again.',
};

/** Why the page waits for a connection, by reason. */
export const enWaits = {
  moved: 'The room is moving to another server',
  draining: 'The room is moving to another server',
  'channel-full': 'The room is full',
  'no-server': 'No chat server is available',
  'listen-too-often': 'Too many attempts',
  'database-away': 'The server is waiting for its database',
};
