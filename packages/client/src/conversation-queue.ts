import { EventQueue } from './event-queue.js';
import type { ConversationEvent } from './events.js';

/**
 * Summarises dropped events: returns the last reset among them, then one gap that covers all
 * entries after that reset.
 */
function remainsOf(events: readonly ConversationEvent[]): ConversationEvent[] {
  const resetAt = events.findLastIndex(({ type }) => type === 'reset');
  const ranges = events.slice(resetAt + 1).flatMap((event) => {
    if (event.type === 'gap') return [event.from, event.to];
    return 'seq' in event ? [event.seq] : [];
  });
  const reset = resetAt < 0 ? [] : events.slice(resetAt, resetAt + 1);
  const [from, to] = [ranges[0], ranges.at(-1)];
  if (from === undefined || to === undefined) return reset;
  return [...reset, { type: 'gap', from, to, filled: false }];
}

/** Replaces the older half of the events by a gap. */
function condense(events: readonly ConversationEvent[]): ConversationEvent[] {
  const half = Math.ceil(events.length / 2);
  return [...remainsOf(events.slice(0, half)), ...events.slice(half)];
}

/** Creates the queue of a conversation. */
export function conversationQueue(): EventQueue<ConversationEvent> {
  return new EventQueue(condense);
}
