import { type Channel, ChannelKind } from '@parley/client';

/** The channels that the user may see, as far as this page knows. */
export interface RoomsState {
  readonly rooms: readonly Channel[];
  /** Something was heard from the server since the page began. */
  readonly fresh: boolean;
  /** Why the last look failed. */
  readonly trouble: string | undefined;
  /** How many messages of others were not read, by channel id; at most `mostUnread`. */
  readonly unread: Readonly<Record<number, number>>;
}

export type RoomsAction =
  | { readonly type: 'cached'; readonly rooms: readonly Channel[] }
  | { readonly type: 'listed'; readonly rooms: readonly Channel[] }
  | { readonly type: 'trouble'; readonly words: string }
  | { readonly type: 'unread'; readonly id: number; readonly count: number }
  /** Somebody went out of it. */
  | { readonly type: 'left'; readonly id: number; readonly userId: string }
  | { readonly type: 'deleted'; readonly id: number };

/** Beyond, nobody counts. */
export const mostUnread = 99;

export const noRooms: RoomsState = { rooms: [], fresh: false, trouble: undefined, unread: {} };

const collator = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true });

function sorted(rooms: readonly Channel[]): readonly Channel[] {
  return rooms.toSorted((a, b) => collator.compare(a.name, b.name) || a.id - b.id);
}

function without(room: Channel, userId: string): Channel {
  return { ...room, users: room.users.filter(({ id }) => id !== userId) };
}

/** The rooms after an action. */
export function furnish(state: RoomsState, action: RoomsAction): RoomsState {
  switch (action.type) {
    case 'cached':
      return state.fresh ? state : { ...state, rooms: sorted(action.rooms) };
    case 'listed':
      return { ...state, rooms: sorted(action.rooms), fresh: true, trouble: undefined };
    case 'trouble':
      return { ...state, trouble: action.words };
    case 'unread': {
      const count = Math.min(action.count, mostUnread + 1);
      return state.unread[action.id] === count ? state : { ...state, unread: { ...state.unread, [action.id]: count } };
    }
    case 'left':
      return {
        ...state,
        rooms: state.rooms.map((room) => (room.id === action.id ? without(room, action.userId) : room)),
      };
    case 'deleted':
      return { ...state, rooms: state.rooms.filter(({ id }) => id !== action.id) };
  }
}

/** Whether anything that is said there stays. */
export function keeps({ keep, kind }: Pick<Channel, 'keep' | 'kind'>): boolean {
  if (keep === undefined) return kind !== ChannelKind.ROOM && kind !== ChannelKind.UNSPECIFIED;
  return keep.everything === true || (keep.seconds ?? 0) > 0;
}

/** How long what is said there stays, in words. */
export function keepWords(room: Pick<Channel, 'keep' | 'kind'>): string {
  const { keep } = room;
  if (!keeps(room)) return 'Nothing is kept';
  const days = Math.round((keep?.seconds ?? 0) / 86_400);
  if (keep?.everything === true || keep?.seconds === undefined) return 'Everything is kept';
  return days >= 1 ? `Kept for ${days} ${days === 1 ? 'day' : 'days'}` : 'Kept for some hours';
}
