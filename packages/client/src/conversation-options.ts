import type { Refusal } from '@parley/runtime/refusal';
import type { LogPosition } from './core/bookmark.js';
import type { MessageOptions } from './frames.js';

export interface ListenOptions {
  /** Leaves when it aborts. */
  readonly signal?: AbortSignal;
  /** Reads on from a place of before, in place of beginning with what comes next. */
  readonly after?: LogPosition;
  /** Gaps are filled from History where the channel keeps something. Default: true. */
  readonly fillGaps?: boolean;
  /** Tries on before the first welcome too, where that may help. Without it, six streams may fail. Default: true. */
  readonly patient?: boolean;
  /** Waits for a seat where all are taken. Default: false. */
  readonly waitWhenFull?: boolean;
  /** Told of each wait before the first welcome. Default: they are the first events. */
  readonly onWait?: (why: Refusal, inMs: number) => void;
  /** How many sends may be ahead of their acks. Default: 1, which keeps the order of messages whatever is refused for a while. */
  readonly inFlight?: number;
}

export interface SendOptions extends MessageOptions {
  /** A UUID for all tries, those of another process too: the same one again is the same message. Default: a new one. */
  readonly clientId?: string;
  /** Gives the send up; what is on its way may arrive all the same. */
  readonly signal?: AbortSignal;
}
