import type { Channel } from '@parley/client';
import type { ConversationState } from './conversation-state.js';
import { isOver } from './link.js';
import { type Names, named } from './names.js';

/** The users who are in a room now. */
export interface Occupants {
  readonly ids: readonly string[];
  /** Number of all users. Large channels name only some of them. */
  readonly count: number;
  readonly names: Names;
}

/**
 * Returns the users in a room. While connected, the room itself knows them; otherwise the list of
 * rooms does. Returns no users once the connection has ended permanently.
 */
export function occupantsOf(
  state: ConversationState,
  { users, userCount }: Pick<Channel, 'users' | 'userCount'>,
): Occupants {
  const { link, names, here, hereCount } = state;
  if (isOver(link)) return { ids: [], count: 0, names };
  if (link.state === 'live' || link.state === 'catching-up') return { ids: here, count: hereCount, names };
  return { ids: users.map(({ id }) => id), count: Math.max(userCount, users.length), names: named(names, users) };
}
