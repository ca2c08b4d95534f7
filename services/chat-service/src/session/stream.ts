import type { MessageSink } from '@parley/fanout';
import type { Refusal } from '@parley/runtime';

/** The stream that carries a session, whatever its transport. */
export interface MessageStream extends MessageSink {
  /**
   * Calls `listener` with each message of the client, in order, as raw bytes. A message of more
   * than `maxBytes` ends the stream. The default is the maximum size of a frame of a user.
   */
  onMessage(listener: (message: Buffer) => void, maxBytes?: number): void;
  /** Stops reading from the client until `resume`. */
  pause(): void;
  resume(): void;
  /** Calls `listener` once, after the last message, when the client will send nothing more. */
  onHalfClose(listener: () => void): void;
  /** Calls `listener` once, just before the write that brings the total to `bytes`. */
  onWritten(bytes: number, listener: () => void): void;
  /** Calls `listener` once, however the stream ends; soon, if it has already ended. */
  onClose(listener: () => void): void;
  /**
   * Ends the stream after everything that was written: with success, or with a refusal. Only the
   * first end counts.
   */
  end(refusal?: Refusal): void;
  /** Ends the stream at once and drops what the client has not read. */
  reset(): void;
}
