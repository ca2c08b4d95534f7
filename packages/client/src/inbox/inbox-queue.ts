import type { SeenChat } from '@parley/contract';
import type { LogPosition } from '../core/bookmark.js';
import { EventQueue } from '../event-queue.js';
import type { UserInboxEvent } from './inbox-events.js';

/** A note that events were lost, so that the reader must fetch the state of all chats. */
export interface LostEvents {
  readonly type: 'lost';
  /** The last place before the lost events, for chats in which it is known. */
  readonly before: ReadonlyMap<number, LogPosition>;
  /** Whether the inbox begins here, so that earlier entries are of no interest. */
  readonly isStart: boolean;
}

/** An unread event, or a note to the reader of the queue. */
export type QueuedEvent =
  | Exclude<UserInboxEvent, { type: 'reset' }>
  /** A position of the server. */
  | { readonly type: 'position'; readonly id: string }
  /** The ends of the logs at the start of a stream. Events after them follow. */
  | { readonly type: 'began'; readonly chats: readonly SeenChat[] }
  | LostEvents;

type Places = Iterable<readonly [channelId: number, place: LogPosition]>;

/** Returns the places right before an event. */
function placesBefore(event: QueuedEvent): Places {
  if ('seq' in event) return [[event.channelId, { log: event.log, seq: event.seq - 1 }]];
  if (event.type === 'gap') return [[event.channelId, { log: event.log, seq: event.from - 1 }]];
  if (event.type === 'began') return event.chats.map(({ channelId, log, seq }) => [channelId, { log, seq }]);
  return event.type === 'lost' ? event.before : [];
}

/** Replaces all events by a note that they are lost. Keeps the event `ended`. */
function condense(events: readonly QueuedEvent[]): QueuedEvent[] {
  const before = new Map<number, LogPosition>();
  for (const event of events) {
    for (const [channelId, place] of placesBefore(event)) if (!before.has(channelId)) before.set(channelId, place);
  }
  return [{ type: 'lost', before, isStart: false }, ...events.filter(({ type }) => type === 'ended')];
}

/** Creates the queue of an inbox. Beyond its limits, a note stands for all unread events. */
export function inboxQueue(): EventQueue<QueuedEvent> {
  return new EventQueue(condense);
}
