import type { InboxPlace } from './inbox-place.js';

/** Options of `ParleyClient.inbox`. */
export interface InboxOptions {
  /** Closes the inbox when this signal aborts. */
  readonly signal?: AbortSignal;
  /** Position after which to continue, such as a stored `inbox.place`. Default: live events only. */
  readonly after?: InboxPlace | undefined;
  /** Begins with the event `reset`, which has the state of all chats. Default: false. */
  readonly overview?: boolean;
  /** Fills gaps from History. Default: true. */
  readonly fillGaps?: boolean;
  /** Reports entries as delivered when they arrive. Default: true. */
  readonly reportDelivered?: boolean;
  /**
   * Maximum number of unacknowledged posts on the wire. In a chat there is at most one, so that its
   * posts keep their order. Default: 10.
   */
  readonly inFlight?: number;
}
