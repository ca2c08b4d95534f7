import type { InboxEvent } from '@parley/contract';

/**
 * Holds events back while another stream is being opened, because that stream will repeat them. Acks,
 * lossy messages and the events of a log pass at once, so the user does not wait for the other
 * stream: the receiver drops repeated events of a log. The events of the log of a chat wait if the
 * event `added` of that chat is held back.
 */
export class HeldEvents {
  readonly #events: InboxEvent[] = [];
  /** Chats whose event `added` is held back. */
  readonly #added = new Set<number>();

  /** Holds an event back, unless it may pass at once. Returns whether the event was held back. */
  take(event: InboxEvent): boolean {
    if (this.#mayPass(event)) return false;
    this.#events.push(event);
    if (event.added !== undefined) this.#added.add(event.added.id);
    return true;
  }

  /** Returns all events that were held back, in order, and forgets them. */
  release(): InboxEvent[] {
    this.#added.clear();
    return this.#events.splice(0);
  }

  #mayPass({ ack, message, gap, chatReset }: InboxEvent): boolean {
    const ofLog = message ?? gap ?? chatReset;
    if (ofLog === undefined) return ack !== undefined;
    return message?.seq === 0 || !this.#added.has(ofLog.channelId);
  }
}
