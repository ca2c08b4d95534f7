import type { Channel } from '@parley/client';
import type { ConversationState } from './conversation.js';
import { isOver } from './link.js';
import { type Names, named } from './names.js';

/** Who is inside a room. */
export interface Inside {
  readonly ids: readonly string[];
  /** In large channels not everybody is named. */
  readonly count: number;
  readonly names: Names;
}

/** Told by the room itself while this page is there, else by the list of rooms; nobody, where it is all over. */
export function insideOf(state: ConversationState, { users, userCount }: Pick<Channel, 'users' | 'userCount'>): Inside {
  const { link, names, here, hereCount } = state;
  if (isOver(link)) return { ids: [], count: 0, names };
  if (link.state === 'live' || link.state === 'catching-up') return { ids: here, count: hereCount, names };
  return { ids: users.map(({ id }) => id), count: Math.max(userCount, users.length), names: named(names, users) };
}
