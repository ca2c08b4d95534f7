import type { ConversationState } from './conversation.js';
import { keeps } from './keeping.js';

/** What this user can do in a channel now: nothing else is offered. */
export interface May {
  /** Say something; without a connection it waits. */
  readonly say: boolean;
  /** Edit, delete, react: of what is kept nowhere nothing can be changed. */
  readonly change: boolean;
}

/** What can be done in a channel as it is known. Who has no place in it any more can do nothing. */
export function mayOf({ link, channel }: Pick<ConversationState, 'link' | 'channel'>): May {
  const say = link.state !== 'ended';
  return { say, change: say && channel !== undefined && keeps(channel) };
}

/** Whether History can be asked: while a room is full too, by who waits for a place. */
export function mayPage({ place, link }: Pick<ConversationState, 'place' | 'link'>): boolean {
  return place !== undefined || (link.state === 'waiting' && link.reason === 'channel-full');
}
