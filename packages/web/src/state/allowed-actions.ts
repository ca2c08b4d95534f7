import type { ConversationState } from './conversation.js';
import { hasHistory } from './retention.js';

/** Actions that this user can take in a channel now. The page offers nothing else. */
export interface AllowedActions {
  /** Send messages. Without a connection they wait. */
  readonly say: boolean;
  /** Edit, delete and react. All three need a message history. */
  readonly change: boolean;
}

/** Returns what the user can do in a channel. Nothing, once the connection has ended. */
export function allowedActions({ link, channel }: Pick<ConversationState, 'link' | 'channel'>): AllowedActions {
  const say = link.state !== 'ended';
  return { say, change: say && channel !== undefined && hasHistory(channel) };
}

/** Whether older messages can be loaded: with a seat, or while waiting for one in a full room. */
export function canPage({ place, link }: Pick<ConversationState, 'place' | 'link'>): boolean {
  return place !== undefined || (link.state === 'waiting' && link.reason === 'channel-full');
}
