import { type Channel, ChannelKind } from '@parley/client';

/** One of the two lists: the user's own rooms and offered channels, or the public channels. */
export type RoomsPart = 'mine' | 'listed';

/** The lists of channels, as cached for the next reload. */
export interface Listing {
  readonly channels: Readonly<Record<number, Channel>>;
  /** Ids, most active first. */
  readonly mine: readonly number[];
  readonly listed: readonly number[];
}

/** The channels that the user can see, as far as this page has loaded them. */
export interface RoomsState extends Listing {
  /** Whether the public list has more pages. */
  readonly more: boolean;
  /** Whether a list has arrived from the server since the page was opened. */
  readonly fresh: boolean;
  /** Reason for which the last poll failed, or undefined. */
  readonly trouble: string | undefined;
  /** Number of unread messages of others, by channel id; at most `mostUnread` + 1. */
  readonly unread: Readonly<Record<number, number>>;
  /** Number of this user's unsent messages and changes, by channel id. */
  readonly unsent: Readonly<Record<number, number>>;
}

export type RoomsAction =
  | { readonly type: 'cached'; readonly listing: Listing }
  | {
      readonly type: 'listed';
      readonly part: RoomsPart;
      /** Ids of the whole list, in order. */
      readonly ids: readonly number[];
      /** The channels that changed since the last poll. */
      readonly changed: readonly Channel[];
      readonly more: boolean;
    }
  | { readonly type: 'trouble'; readonly words: string }
  | { readonly type: 'unread'; readonly id: number; readonly count: number }
  | { readonly type: 'unsent'; readonly id: number; readonly count: number }
  /** Notes that a user has left the room. */
  | { readonly type: 'left'; readonly id: number; readonly userId: string }
  | { readonly type: 'deleted'; readonly id: number };

/** Highest number of unread messages that is counted. */
export const mostUnread = 99;

export const noRooms: RoomsState = {
  channels: {},
  mine: [],
  listed: [],
  more: false,
  fresh: false,
  trouble: undefined,
  unread: {},
  unsent: {},
};

/** Returns the channels of one list. The public list omits the user's own. */
function channelsOf({ channels, mine, listed }: Listing, part: RoomsPart): readonly Channel[] {
  const own = new Set(mine);
  const ids = part === 'mine' ? mine : listed.filter((id) => !own.has(id));
  return ids.map((id) => channels[id]).filter((channel) => channel !== undefined);
}

/** Returns the rooms of one list. The public list omits the user's own. */
export function roomsOf(listing: Listing, part: RoomsPart): readonly Channel[] {
  return channelsOf(listing, part).filter(isRoom);
}

/**
 * Returns the room in which a user is according to the lists, unless it is one of the given ones.
 * Returns undefined before the lists have arrived.
 */
export function roomWith(state: RoomsState, userId: string, others: ReadonlySet<number>): Channel | undefined {
  if (!state.fresh) return undefined;
  const rooms = Object.values(state.channels).filter(isRoom);
  return rooms.find(({ id, users }) => !others.has(id) && users.some((user) => user.id === userId));
}

/** Returns the public channels that the user may join. */
export function joinableChannels(listing: Listing): readonly Channel[] {
  return channelsOf(listing, 'listed').filter(({ kind }) => kind === ChannelKind.PUBLIC);
}

/** Returns the chats that others have offered to the user. */
export function offeredChats(listing: Listing): readonly Channel[] {
  return channelsOf(listing, 'mine').filter(({ myRole, offered }) => myRole === 0 && offered !== 0);
}

/**
 * Returns rooms in the order of an earlier list, followed by new ones. Rooms of the earlier list
 * that are gone keep their places.
 */
export function heldRooms(earlier: readonly Channel[], rooms: readonly Channel[]): readonly Channel[] {
  const now = new Map(rooms.map((room) => [room.id, room]));
  const known = new Set(earlier.map(({ id }) => id));
  return [...earlier.map((room) => now.get(room.id) ?? room), ...rooms.filter(({ id }) => !known.has(id))];
}

function without(room: Channel, userId: string): Channel {
  const users = room.users.filter(({ id }) => id !== userId);
  return { ...room, users, userCount: room.userCount - (room.users.length - users.length) };
}

/**
 * Returns whether a channel is a room. The limit of a room applies to the users inside, and that of
 * other kinds to the members.
 */
export function isRoom({ kind }: Pick<Channel, 'kind'>): boolean {
  return kind === ChannelKind.ROOM || kind === ChannelKind.UNSPECIFIED;
}

/** Applies a new list, and forgets channels that are in neither list. */
function listed(state: RoomsState, { part, ids, changed, more }: Extract<RoomsAction, { type: 'listed' }>): RoomsState {
  const moreListed = part === 'listed' ? more : state.more;
  const heard = { more: moreListed, fresh: true, trouble: undefined };
  const isSame = ids.length === state[part].length && ids.every((id, index) => id === state[part][index]);
  if (isSame && changed.length === 0) {
    const isHeard = state.more === moreListed && state.fresh && state.trouble === undefined;
    return isHeard ? state : { ...state, ...heard };
  }
  const news = Object.fromEntries(changed.map((channel) => [channel.id, channel]));
  const lists = { mine: state.mine, listed: state.listed, [part]: ids };
  const known: RoomsState['channels'] = { ...state.channels, ...news };
  const wanted = new Set([...lists.mine, ...lists.listed]);
  const channels = Object.fromEntries(
    Object.values(known).flatMap((one) => (wanted.has(one.id) ? [[one.id, one]] : [])),
  );
  return { ...state, ...lists, ...heard, channels };
}

/** Returns the rooms after an action. */
export function roomsReducer(state: RoomsState, action: RoomsAction): RoomsState {
  switch (action.type) {
    case 'cached':
      return state.fresh ? state : { ...state, ...action.listing };
    case 'listed':
      return listed(state, action);
    case 'trouble':
      return { ...state, trouble: action.words };
    case 'unread': {
      const count = Math.min(action.count, mostUnread + 1);
      return state.unread[action.id] === count ? state : { ...state, unread: { ...state.unread, [action.id]: count } };
    }
    case 'unsent': {
      const { id, count } = action;
      return (state.unsent[id] ?? 0) === count ? state : { ...state, unsent: { ...state.unsent, [id]: count } };
    }
    case 'left': {
      const room = state.channels[action.id];
      return room === undefined
        ? state
        : { ...state, channels: { ...state.channels, [action.id]: without(room, action.userId) } };
    }
    case 'deleted': {
      const others = (ids: readonly number[]) => ids.filter((id) => id !== action.id);
      return { ...state, mine: others(state.mine), listed: others(state.listed) };
    }
  }
}
