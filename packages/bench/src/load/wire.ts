/** One stream of one user. */
export interface StreamLine {
  write(frames: Buffer): void;
  close(): void;
}

/** Offsets of the message inside a frame. `end` is also the end of the frame. */
export interface Bounds {
  readonly start: number;
  readonly end: number;
}

/** Callbacks of a stream. */
export interface LineEvents {
  readonly onBytes: (chunk: Buffer) => void;
  /** Called when the server ends the stream. */
  readonly onEnd: (why: string) => void;
}

/** A wire protocol: framing and streams, with as little decoding as possible. */
export interface BenchWire {
  /** Returns a framed message. */
  frame(message: Buffer): Buffer;
  /** Returns the bounds of the frame at `at`, or undefined if it is incomplete. */
  bounds(bytes: Buffer, at: number): Bounds | undefined;
  /** Opens a stream. Resolves once the user is in the channel. */
  open(headers: Readonly<Record<string, string>>, events: LineEvents): Promise<StreamLine>;
  /**
   * Joins a user that never reads. The user has a connection of their own, with the default windows
   * of a client.
   */
  stall(headers: Readonly<Record<string, string>>): Promise<void>;
  close(): void;
}
