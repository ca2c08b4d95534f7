/** A seat in a channel, with the headers to take it. */
export interface BenchSeat {
  /** Index of the channel, from 0. */
  readonly channel: number;
  /** Address of the server that owns the channel. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One job of the load generator. */
export interface Job {
  readonly wire: 'grpc' | 'ws';
  readonly serverPids: readonly number[];
  /** The seats; the first of each channel sends. */
  readonly seats: readonly BenchSeat[];
  readonly window?: number | undefined;
  readonly perSecond?: number | undefined;
  readonly connections?: number | undefined;
  /** Whether the last user of each channel joins but never reads. */
  readonly dead?: boolean;
  /** Whether every user reports once a second how far they have read. */
  readonly receipts?: boolean | undefined;
  /** Measured time in seconds. 0: only the memory of idle streams is measured. */
  readonly seconds: number;
}

/** Result of a job. */
export interface JobOutcome {
  /** Complete frames that users received while it measured. */
  readonly deliveries: number;
  readonly seconds: number;
  /** CPU time of all servers, in seconds. */
  readonly serverCpuSeconds: number;
  /** Share of its own core that the generator used. */
  readonly generatorShare: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Growth of the servers' memory per stream, in KiB. */
  readonly kbPerStream: number;
  /** Reasons why the result is not valid; empty if it is. */
  readonly faults: readonly string[];
}
