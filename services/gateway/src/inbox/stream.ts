import type { MessageSink } from '@parley/fanout';
import type { Refusal } from '@parley/runtime';

/** The stream of one device, whatever its transport. */
export interface InboxStream extends MessageSink {
  /** Calls `listener` once, however the stream ends; soon, if it has already ended. */
  onClose(listener: () => void): void;
  /** Ends the stream after everything that was written. Only the first end counts. */
  end(refusal?: Refusal): void;
  /** Ends the stream at once, without a status, and drops unread bytes. */
  reset(): void;
}
