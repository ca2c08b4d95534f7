/** Who is where. */
export interface BenchCrowd {
  readonly channels: number;
  /** Of each channel. */
  readonly users: number;
  /** The channels keep what is said: an echo is behind its commit. */
  readonly keeps?: boolean;
}

/** A crowd, and how the one sender of each channel sends. */
export interface Shape extends BenchCrowd {
  readonly says: string;
  /** Messages without an echo that the sender of a channel keeps; absent: it sends by the clock. */
  readonly window?: number;
  /** Messages per second and channel, where sent by the clock. */
  readonly perSecond?: number;
  /** Connections that all streams share; absent: one each. */
  readonly connections?: number;
  /** Rounds of each rung that do not count; absent: 1. */
  readonly warmUps?: number;
  /** What the figure is. */
  readonly figure: 'deliveries per CPU-second' | 'ms to hear';
}

const perCpu = 'deliveries per CPU-second';

/** The shapes whose figures come from deliveries; one sender per channel, everybody hears everything. */
export const shapes: Readonly<Record<string, Shape>> = {
  hot: { says: '4 x 25, window 32', channels: 4, users: 25, window: 32, figure: perCpu },
  wide: { says: '40 x 25, window 4', channels: 40, users: 25, window: 4, figure: perCpu },
  giant: { says: '1 x 1000, window 8', channels: 1, users: 1_000, window: 8, figure: perCpu },
  steady: { says: '40 x 25, 20 msg/s each', channels: 40, users: 25, perSecond: 20, figure: perCpu },
  shared: {
    says: '4 x 25, window 32, 4 connections',
    channels: 4,
    users: 25,
    window: 32,
    connections: 4,
    figure: perCpu,
  },
  latency: { says: '2 users, 500 msg/s', channels: 1, users: 2, perSecond: 500, figure: 'ms to hear' },
  ack: {
    says: '1 user, window 1, kept: echo behind its commit',
    channels: 1,
    users: 1,
    window: 1,
    keeps: true,
    figure: 'ms to hear',
  },
};
