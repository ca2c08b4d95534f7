import { words } from '../words/words.js';
import { type ConversationState, firstSeq, lastSeq } from './conversation-state.js';
import { saidAt } from './lines.js';

/** The next step to show the message of a link, or the reason for which it cannot be shown. */
export type LinkedMessage =
  | { readonly do: 'show' | 'load' | 'wait' | 'nothing' }
  | { readonly do: 'explain'; readonly why: string };

/** Maximum number of messages that are loaded to reach an older one. All of them stay in memory. */
const mostBack = 1_500;

const explain = (why: string): LinkedMessage => ({ do: 'explain', why });

/** Whether the lines may change because the page has just opened and has not received everything yet. */
export function isSettling({ link, isStale }: ConversationState): boolean {
  return link.state === 'live' ? isStale === true : link.state !== 'waiting' && link.state !== 'ended';
}

/**
 * Returns the next step to show the message with a seq. If it `wasFound`, it is not loaded again,
 * because the user may have moved on.
 */
export function linkedMessage(state: ConversationState, seq: number, wasFound = false): LinkedMessage {
  const say = words().conversation;
  const { lines, place, isStale, hasOlder, link, channel } = state;
  const line = saidAt(lines, seq);
  if (line?.deleted === true) return explain(say.linkDeleted);
  if (wasFound) return { do: 'nothing' };
  if (line !== undefined) return { do: 'show' };
  if (link.state === 'ended') return explain(say.linkOutside);
  if (place === undefined || channel === undefined || isStale === true || link.state !== 'live') return { do: 'wait' };
  if (seq > lastSeq(state)) return explain(say.linkUnknown);
  const first = firstSeq(state);
  if (seq > first) return explain(say.linkGone);
  if (!hasOlder) return explain(say.linkExpired);
  const from = Number.isFinite(first) ? first : lastSeq(state);
  if (from - seq > mostBack) return explain(say.linkFar(mostBack));
  return { do: 'load' };
}
