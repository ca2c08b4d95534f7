import type { Conversation, ConversationEvent, EntryEvent } from '@parley/client';
import type { SharedAction } from '../state/conversation-state.js';
import type { Link } from '../state/link.js';
import { refusalWords } from '../state/refusal-words.js';
import { steadyNow } from '../state/steady-now.js';
import { untilWords } from '../state/times.js';
import { inNextTurn } from './turns.js';

const typingShownMs = 6_000;

type Dispatch = (action: SharedAction) => void;

/** Returns the state of the connection after the end of a conversation. */
function endOf({ reason, message, retryAfterMs }: Extract<ConversationEvent, { type: 'ended' }>, nowMs: number): Link {
  if (reason !== 'banned' || retryAfterMs === 0) return { state: 'ended', reason, message };
  const until = untilWords(retryAfterMs, nowMs);
  const words = `You are banned from this room ${until}. You cannot come back while the ban lasts.`;
  return { state: 'ended', reason, message: words, untilMs: nowMs + retryAfterMs };
}

/**
 * Reads a conversation and turns its events into actions. All entries of one turn of the event loop
 * become one action.
 */
export class EventReader {
  readonly #conversation: Conversation;
  readonly #dispatch: Dispatch;
  readonly #flushSoon = inNextTurn(() => this.#flush());
  #entries: EntryEvent[] = [];

  constructor(conversation: Conversation, dispatch: Dispatch) {
    this.#conversation = conversation;
    this.#dispatch = dispatch;
  }

  /**
   * Reads to the end of the conversation. Calls `onFilledGap` when History has filled a gap,
   * because messages before the gap may have changed.
   */
  async read(onFilledGap: (from: number) => void): Promise<void> {
    for await (const event of this.#conversation) {
      if ('seq' in event) {
        this.#entries.push(event);
        this.#flushSoon();
        continue;
      }
      this.#flush();
      const action = this.#actionOf(event);
      if (action !== undefined) this.#dispatch(action);
      if (event.type === 'gap' && event.filled) onFilledGap(event.from);
    }
  }

  #flush(): void {
    if (this.#entries.length === 0) return;
    const place = this.#conversation.place;
    const last = this.#entries.at(-1)?.seq ?? 0;
    const entries = this.#entries;
    this.#entries = [];
    this.#dispatch({ type: 'entries', entries, place: place && { log: place.log, seq: last } });
  }

  #actionOf(event: Exclude<ConversationEvent, EntryEvent>): SharedAction | undefined {
    const { presence, here, maxBytes } = this.#conversation;
    switch (event.type) {
      case 'welcome': {
        const { channel, place, now } = event;
        return { type: 'welcome', channel, here: presence, count: here, place, maxBytes, aheadMs: now - steadyNow() };
      }
      case 'presence':
        return { type: 'presence', here: presence, count: here };
      case 'live':
        return { type: 'link', link: { state: 'live' } };
      case 'reset':
        return { type: 'reset', place: event.place };
      case 'gap':
        return event.filled ? undefined : { type: 'missing', from: event.from, to: event.to, at: Date.now() };
      case 'typing':
        return { type: 'typing', userId: event.userId, untilMs: event.stopped ? 0 : Date.now() + typingShownMs };
      case 'reconnecting': {
        const { reason, message, inMs } = event;
        return { type: 'link', link: { state: 'waiting', reason, message, untilMs: Date.now() + inMs } };
      }
      case 'held': {
        const { clientId: id, reason, message, inMs } = event;
        return { type: 'held', id, held: { why: refusalWords({ reason, message }), untilMs: Date.now() + inMs } };
      }
      case 'ended':
        return { type: 'link', link: endOf(event, Date.now()) };
      default:
        return undefined;
    }
  }
}
