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
  const { lines, place, isStale, hasOlder, link, channel } = state;
  const line = saidAt(lines, seq);
  if (line?.deleted === true) return explain('The message of this link was deleted.');
  if (line !== undefined) return { do: 'show' };
  if (link.state === 'ended') return explain('The message of this link cannot be loaded: you are not in this chat.');
  if (place === undefined || channel === undefined || isStale === true || link.state !== 'live') return { do: 'wait' };
  if (seq > lastSeq(state)) return explain('The link names a message that does not exist here.');
  const first = firstSeq(state);
  if (seq > first) return explain('The message of this link was deleted, or it is no longer stored.');
  if (!hasOlder)
    return explain('The message of this link is no longer stored, or it is from before you could read this.');
  const from = Number.isFinite(first) ? first : lastSeq(state);
  if (from - seq > mostBack)
    return explain(
      `The message of this link is more than ${mostBack.toLocaleString('en')} messages back. Search for its words to read it.`,
    );
  return { do: 'load' };
}
