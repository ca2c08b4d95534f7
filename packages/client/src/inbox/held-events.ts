import type { InboxEvent } from '@parley/contract';

/** Holds events back while another stream is being opened, because that stream will repeat them. */
export class HeldEvents {
  readonly #isStored: (channelId: number) => boolean;
  readonly #events: InboxEvent[] = [];
  /** Chats whose event `added` is held back. */
  readonly #added = new Set<number>();

  /** `isStored` returns whether a chat that the user is in has history. */
  constructor(isStored: (channelId: number) => boolean) {
    this.#isStored = isStored;
  }

  /** Holds an event back if a resume repeats it. Returns whether it did. */
  take(event: InboxEvent): boolean {
    if (!this.#isRepeated(event)) return false;
    this.#events.push(event);
    if (event.added !== undefined) this.#added.add(event.added.id);
    return true;
  }

  /** Returns all events that were held back, in order, and forgets them. */
  release(): InboxEvent[] {
    this.#added.clear();
    return this.#events.splice(0);
  }

  #isRepeated({ ack, message }: InboxEvent): boolean {
    if (message === undefined) return ack === undefined;
    const { channelId, seq } = message;
    return seq > 0 && (this.#isStored(channelId) || this.#added.has(channelId));
  }
}
