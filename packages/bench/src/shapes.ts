/** Channels and users. */
export interface BenchAudience {
  readonly channels: number;
  /** Users per channel. */
  readonly users: number;
  /** Whether the channels store messages, so that an echo follows its commit. */
  readonly isStored?: boolean;
}

/** A load: channels, users, and the way in which the sender of each channel sends. */
export interface Shape extends BenchAudience {
  readonly description: string;
  /**
   * Number of messages without an echo that the sender keeps in flight. Absent: it sends at a fixed
   * rate.
   */
  readonly window?: number;
  /** Messages per second and channel, at a fixed rate. */
  readonly perSecond?: number;
  /** Whether every user sends a receipt once a second. */
  readonly receipts?: boolean;
  /** Number of connections that all streams share. Absent: each stream has its own. */
  readonly connections?: number;
  /** Rounds of each target that do not count. Default: 1. */
  readonly warmUps?: number;
  /** The measured figure. */
  readonly figure: 'deliveries per CPU-second' | 'ms to receive';
}

const perCpu = 'deliveries per CPU-second';

/**
 * Shapes that measure deliveries. Each channel has one sender, and every user receives everything.
 */
export const shapes: Readonly<Record<string, Shape>> = {
  hot: { description: '4 x 25, window 32', channels: 4, users: 25, window: 32, figure: perCpu },
  wide: { description: '40 x 25, window 4', channels: 40, users: 25, window: 4, figure: perCpu },
  giant: { description: '1 x 1000, window 8', channels: 1, users: 1_000, window: 8, figure: perCpu },
  steady: { description: '40 x 25, 20 msg/s each', channels: 40, users: 25, perSecond: 20, figure: perCpu },
  shared: {
    description: '4 x 25, window 32, 4 connections',
    channels: 4,
    users: 25,
    window: 32,
    connections: 4,
    figure: perCpu,
  },
  latency: { description: '2 users, 500 msg/s', channels: 1, users: 2, perSecond: 500, figure: 'ms to receive' },
  ack: {
    description: '1 user, window 1, stored: the echo follows its commit',
    channels: 1,
    users: 1,
    window: 1,
    isStored: true,
    figure: 'ms to receive',
  },
};
