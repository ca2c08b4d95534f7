import { SearchRequest } from '@parley/contract';
import { entryEvent, type MessageEvent } from '../events.js';
import { type Ask, allPages, type ListOptions } from './ask.js';
import { calls } from './methods.js';

/** The channels, senders and times to which a search is limited. */
export interface SearchOptions extends ListOptions {
  /** Channel to search. Default: all channels that the user may read. */
  readonly channelId?: number;
  /** Id of the user whose messages to find. Default: all users. */
  readonly sender?: string;
  /** Time before which to search, in Unix ms. */
  readonly before?: number;
  /** Time at or after which to search, in Unix ms. */
  readonly after?: number;
}

/** A message that a search found. */
export interface FoundMessage extends MessageEvent {
  readonly channelId: number;
}

/** Yields the messages that have all words of `text`, the newest first. */
export function searchMessages(ask: Ask, text: string, options: SearchOptions): AsyncGenerator<FoundMessage, void> {
  const { channelId = 0, sender = '', before = 0, after: since = 0, size = 0, signal } = options;
  return allPages(async (after) => {
    const request = SearchRequest.fromPartial({ text, channelId, sender, before, after: since, page: { size, after } });
    const { messages, next } = await ask(calls.search, request, signal);
    const items = messages.flatMap((message) => {
      const event = entryEvent(message);
      return event?.type === 'message' ? [{ ...event, channelId: message.channelId }] : [];
    });
    return { items, next };
  });
}
