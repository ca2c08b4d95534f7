import { words } from '../words/words.js';
import { type ConversationState, firstSeq, lastSeq } from './conversation-state.js';
import { saidAt } from './lines.js';

/** The next step to show the message of a link, or the reason for which it cannot be shown. */
export type LinkedMessage =
  | { readonly do: 'show' | 'load' | 'wait' }
  | { readonly do: 'explain'; readonly why: string };

/** Maximum number of messages that are loaded to reach an older one. All of them stay in memory. */
const mostBack = 1_500;

const explain = (why: string): LinkedMessage => ({ do: 'explain', why });

/** Returns the next step to show the message with a seq. */
export function linkedMessage(state: ConversationState, seq: number): LinkedMessage {
  const say = words().conversation;
  const { lines, place, isStale, hasOlder, link, channel } = state;
  const line = saidAt(lines, seq);
  if (line?.deleted === true) return explain(say.linkDeleted);
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
