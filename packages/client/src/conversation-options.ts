import type { Refusal } from '@parley/runtime/refusal';
import type { LogPosition } from './core/bookmark.js';
import type { MessageOptions } from './frames.js';

/** Options of `listen` and `open`. */
export interface ListenOptions {
  /** Leaves the channel when this signal aborts. */
  readonly signal?: AbortSignal;
  /**
   * Position after which to continue, such as a stored `conversation.place`. Default: the end of
   * the log.
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
   * Called before each wait that precedes the first welcome. Without this function, those waits are
   * the first events of the conversation.
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
   * Abandons the send when this signal aborts. A message that is already on the wire may still
   * arrive.
   */
  readonly signal?: AbortSignal;
}
