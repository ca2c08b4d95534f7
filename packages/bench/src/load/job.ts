/** A place in a channel, and what gets one there. */
export interface BenchSeat {
  /** Counted from 0. */
  readonly channel: number;
  /** Of the server that has the channel. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the load generator is told to do once. */
export interface Job {
  readonly wire: 'grpc' | 'ws';
  readonly serverPids: readonly number[];
  /** The first one of a channel sends. */
  readonly seats: readonly BenchSeat[];
  readonly window?: number | undefined;
  readonly perSecond?: number | undefined;
  readonly connections?: number | undefined;
  /** The last one of each channel comes in and never reads. */
  readonly dead?: boolean;
  /** 0: only be there, for the memory of it. */
  readonly seconds: number;
}

/** What it saw. */
export interface JobOutcome {
  /** Frames that arrived whole at users while it measured. */
  readonly deliveries: number;
  readonly seconds: number;
  /** Of all servers. */
  readonly serverCpuSeconds: number;
  /** Of its own core. */
  readonly generatorShare: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Memory of the servers that came with the streams. */
  readonly kbPerStream: number;
  /** Why it does not count; empty where it does. */
  readonly faults: readonly string[];
}
