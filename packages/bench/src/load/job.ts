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
  readonly wire: 'grpc' | 'ws' | 'tcp' | 'edge';
  readonly serverPids: readonly number[];
  /** Seats of all users. The user with the first seat of a channel sends. */
  readonly seats: readonly BenchSeat[];
  readonly window?: number | undefined;
  readonly perSecond?: number | undefined;
  readonly connections?: number | undefined;
  /** Whether the last user of each channel joins but never reads. */
  readonly dead?: boolean;
  /** Whether every user sends a receipt once a second. */
  readonly receipts?: boolean | undefined;
  /** Measured time in seconds. 0: only measures the memory of idle streams. */
  readonly seconds: number;
}

/** Result of a job. */
export interface JobOutcome {
  /** Number of complete frames that users received during the measured time. */
  readonly deliveries: number;
  readonly seconds: number;
  /** CPU time of all servers, in seconds. */
  readonly serverCpuSeconds: number;
  /** Share of one core that the load generator used. */
  readonly generatorShare: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Growth of the servers' memory per stream, in KiB. */
  readonly kbPerStream: number;
  /** Reasons why the result is not valid; empty if it is. */
  readonly faults: readonly string[];
}
