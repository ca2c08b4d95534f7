import type { Refusal } from '@parley/runtime/refusal';
import type { LogPosition } from './core/bookmark.js';
import type { MessageOptions } from './frames.js';

/** Options of `listen` and `open`. */
export interface ListenOptions {
  /** Leaves the channel when it aborts. */
  readonly signal?: AbortSignal;
  /**
   * Continues after this position, a stored `conversation.place`. Default: starts with the next
   * entry.
   */
  readonly after?: LogPosition;
  /** Fills gaps from History, unless the channel stores nothing. Default: true. */
  readonly fillGaps?: boolean;
  /**
   * Retries temporary failures even before the first welcome. If false, a refused Listen fails at
   * once, and the sixth failed stream ends the attempt. Default: true.
   */
  readonly patient?: boolean;
  /**
   * Waits for a free seat while the channel is full, instead of failing with `channel-full`.
   * Default: false.
   */
  readonly waitWhenFull?: boolean;
  /**
   * Called before each wait until the first welcome. Without it, these waits are the first events
   * of the conversation.
   */
  readonly onWait?: (why: Refusal, inMs: number) => void;
  /**
   * Reports entries as delivered when they arrive, in chats with history. If false, only `markRead`
   * reports anything. Default: true.
   */
  readonly reportDelivered?: boolean;
  /**
   * Maximum number of unacknowledged sends on the wire. Default: 1, which keeps the order of
   * messages even if some are refused for a while.
   */
  readonly inFlight?: number;
}

/** Options of `send`. */
export interface SendOptions extends MessageOptions {
  /**
   * A UUID that identifies the message in every attempt. Sending the same id again, even from
   * another process, does not post the message twice. Default: a new one.
   */
  readonly clientId?: string;
  /**
   * Abandons the send when it aborts. If the message is already on the wire, it may still arrive.
   */
  readonly signal?: AbortSignal;
}
