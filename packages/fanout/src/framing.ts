/**
 * Form in which one kind of stream puts messages on the wire. gRPC writes a prefix before each
 * message; a WebSocket or a relay frames messages in another way. The ring therefore holds messages
 * without framing.
 */
export interface Framing {
  /** Bytes that framing adds to each message. */
  readonly overheadBytes: number;
  /**
   * Whether only one subscriber has this framing, so that joined messages are not kept for others.
   */
  readonly unshared?: true;
  /**
   * Returns one buffer with all messages, framed, in order. `totalBytes` is the sum of their
   * lengths.
   */
  readonly join: (messages: readonly Uint8Array[], totalBytes: number) => Buffer;
}
