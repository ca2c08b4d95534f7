/** One stream of one user. */
export interface StreamLine {
  write(frames: Buffer): void;
  close(): void;
}

/** Where the message inside a frame is, and where the frame ends. */
export interface Bounds {
  readonly start: number;
  readonly end: number;
}

/** Told of what a line brings. */
export interface LineEvents {
  readonly onBytes: (chunk: Buffer) => void;
  /** The other side ended it. */
  readonly onEnd: (why: string) => void;
}

/** How messages travel: framing and streams, read without decoding more than needed. */
export interface BenchWire {
  frame(message: Buffer): Buffer;
  /** Undefined where the frame at `at` is not whole. */
  bounds(bytes: Buffer, at: number): Bounds | undefined;
  /** Resolves once the user is in the channel. */
  open(headers: Readonly<Record<string, string>>, events: LineEvents): Promise<StreamLine>;
  /** Somebody comes in and never reads; a connection of its own, with the windows that a client has by default. */
  stall(headers: Readonly<Record<string, string>>): Promise<void>;
  close(): void;
}
