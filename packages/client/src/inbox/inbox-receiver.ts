import { type Channel, type InboxEvent, type InboxWelcome, type Message, WatchRequest } from '@parley/contract';
import { levelOf } from '../calls/chat-summary.js';
import { notificationOf } from '../calls/notifications.js';
import { entryEvent, passingEvent } from '../events.js';
import { ChatPlaces } from './chat-places.js';
import { type InboxPlace, PlaceTracker } from './inbox-place.js';
import type { QueuedEvent } from './inbox-queue.js';
import { UnstoredPlaces } from './unstored-places.js';

/**
 * Turns the events of streams into events of an inbox: drops duplicates, and finds missing entries.
 * It outlives its streams.
 */
export class InboxReceiver {
  readonly #push: (event: QueuedEvent) => void;
  readonly #chats = new ChatPlaces();
  readonly #tracker: PlaceTracker;
  readonly #unstored = new UnstoredPlaces();
  #welcome: InboxWelcome | undefined;
  #hasBegun: boolean;

  constructor(after: InboxPlace | undefined, push: (event: QueuedEvent) => void) {
    this.#push = push;
    this.#tracker = new PlaceTracker(after);
    this.#hasBegun = after !== undefined;
    this.#chats.replace(after?.seen ?? []);
  }

  /** The request that resumes after everything that has been received. */
  get watch(): WatchRequest {
    const { after, seen } = this.#tracker.place;
    return WatchRequest.fromPartial({ after, seen: [...seen] });
  }

  /** Returns the log of a chat; empty if it has no history or is unknown. */
  logOf(channelId: number): string {
    return this.#chats.logOf(channelId);
  }

  /** Records that another stream is being opened to replace the current one. */
  overlap(): void {
    this.#unstored.overlap();
  }

  /** Handles an event of the current stream. */
  take(event: InboxEvent): void {
    const { welcome, message, added, removed, changed, notification, gap, chatReset, membership } = event;
    if (welcome !== undefined) this.#begin(welcome);
    else if (message !== undefined) this.#message(message);
    else if (gap !== undefined) this.#miss(gap.channelId, gap.log, gap);
    else if (added !== undefined) this.#add(added);
    else if (removed !== undefined) this.#remove(removed.id);
    else if (changed !== undefined) this.#push({ type: 'changed', channel: changed });
    else if (membership !== undefined)
      this.#push({ ...membership, type: 'membership', notify: levelOf(membership.notify) });
    else if (chatReset !== undefined) this.#restart(chatReset.channelId, chatReset.log);
    else if (event.reset === true) this.#lose();
    else if (notification !== undefined)
      this.#push({ type: 'notification', notification: notificationOf(notification) });
    if (event.id !== '') this.#pass(event.id);
  }

  /**
   * Starts a stream. The first stream of a new inbox begins at the ends of the logs. A later stream
   * cannot resume if there is no position yet.
   */
  #begin(welcome: InboxWelcome): void {
    const { chats } = welcome;
    const isNew = !this.#hasBegun;
    this.#hasBegun = true;
    this.#welcome = welcome;
    if (this.#tracker.place.after !== '') for (const { channelId, log } of chats) this.#restart(channelId, log);
    else if (!isNew) this.#lose();
    else {
      this.#chats.replace(chats);
      this.#push({ type: 'began', chats });
    }
  }

  #message(message: Message): void {
    const { channelId, seq } = message;
    if (seq > 0) this.#entry(message);
    else {
      const event = passingEvent(message);
      if (event !== undefined) this.#push({ ...event, channelId });
    }
  }

  #entry(message: Message): void {
    const { channelId, seq } = message;
    const log = this.#chats.logOf(channelId);
    if (log === '' && !this.#unstored.take(message)) return;
    const missing = this.#chats.take(channelId, seq);
    if (missing === undefined) return;
    this.#gap(channelId, log, missing);
    this.#tracker.reached(channelId, { log, seq });
    const event = entryEvent(message);
    if (event !== undefined) this.#push({ ...event, channelId, log });
  }

  #miss(channelId: number, log: string, range: { readonly from: number; readonly to: number }): void {
    this.#restart(channelId, log);
    this.#gap(channelId, log, this.#chats.miss(channelId, range));
    this.#tracker.reached(channelId, { log, seq: range.to });
  }

  #gap(channelId: number, log: string, { from, to }: { readonly from: number; readonly to: number }): void {
    if (from <= to) this.#push({ type: 'gap', channelId, log, from, to, filled: false });
  }

  #add(channel: Channel): void {
    this.#chats.join(channel.id, channel.log);
    this.#push({ type: 'added', channel });
  }

  #remove(channelId: number): void {
    this.#chats.leave(channelId);
    this.#push({ type: 'removed', channelId });
  }

  #restart(channelId: number, log: string): void {
    if (this.#chats.restart(channelId, log)) this.#push({ type: 'chat-reset', channelId, log });
  }

  /** Continues at the ends of the logs, after which the events of this stream follow. */
  #lose(): void {
    this.#push({ type: 'lost', before: new Map(), isStart: false });
    this.#chats.replace(this.#welcome?.chats ?? []);
  }

  #pass(id: string): void {
    this.#tracker.passed(id);
    this.#unstored.passed();
    this.#push({ type: 'position', id });
  }
}
