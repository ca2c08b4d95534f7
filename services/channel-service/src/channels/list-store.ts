import { statements } from '@parley/database';

const sql = statements(import.meta.url);

interface Id {
  readonly id: number;
}

/** Position of a channel in order of activity. */
export interface ChannelPlace {
  /** Microseconds since 1970. */
  readonly at: number;
  readonly id: number;
}

type After = [at: number, id: number, size: number];

export const listed = sql<ChannelPlace, [...After, days: number]>('listed');

export const channelsNamed = sql<ChannelPlace, [...After, name: string]>('named');

export const own = sql<ChannelPlace, [...After, userId: string, name: string | null]>('own');

export const visible = sql<Id, [channelId: number, userId: string]>('visible');
