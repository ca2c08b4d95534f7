import { type Channel, MemberRole } from '@parley/client';
import type { ConversationState } from './conversation-state.js';
import { hasHistory } from './retention.js';

/** Actions that this user can take in a channel now. The page offers nothing else. */
export interface AllowedActions {
  /** Whether the user can send messages. Without a connection, the messages wait. */
  readonly say: boolean;
  /** Whether the user can edit, delete and react. All three need a message history. */
  readonly change: boolean;
  /** Whether the user can pin messages, and delete those of others. */
  readonly moderate: boolean;
}

/**
 * Returns the actions that the user can take in a channel. Once the connection has ended, there are
 * none.
 */
export function allowedActions({
  link,
  channel,
  me,
}: Pick<ConversationState, 'link' | 'channel' | 'me'>): AllowedActions {
  const say = link.state !== 'ended';
  const change = say && channel !== undefined && hasHistory(channel);
  return { say, change, moderate: change && isHost(channel, me) };
}

/** Returns whether a user is the owner or an admin of a channel. */
function isHost({ ownerId, myRole }: Channel, me: string): boolean {
  return ownerId === me || myRole === MemberRole.OWNER || myRole === MemberRole.ADMIN;
}

/**
 * Returns whether the user can load older messages. This needs a seat, or a wait for a seat in a
 * full room.
 */
export function canPage({ place, link }: Pick<ConversationState, 'place' | 'link'>): boolean {
  return place !== undefined || (link.state === 'waiting' && link.reason === 'channel-full');
}
