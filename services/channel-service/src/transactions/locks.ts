import { type ChannelKind, statements } from '@parley/database';

const sql = statements(import.meta.url);

/** A locked channel, the starting point of a transaction. */
export interface LockedChannel {
  readonly id: number;
  readonly name: string;
  readonly kind: ChannelKind;
  readonly user_limit: number;
  readonly owner_id: string;
  /** Has a log in the database. */
  readonly has_history: boolean;
  readonly open_history: boolean;
}

export const lockUser = sql<{ id: string; is_new: boolean }, [userId: string]>('lock-user');

export const lockChannel = sql<LockedChannel, [channelId: number]>('lock-channel');
