import { type ChannelKind, statements } from '@parley/database';

const sql = statements(import.meta.url);

/** A channel as its readers see it. */
export interface ChannelRow {
  readonly id: number;
  readonly name: string;
  readonly user_limit: number;
  readonly kind: ChannelKind;
  readonly owner_id: string;
  readonly description: string;
  readonly icon_id: string | null;
  readonly keep_seconds: number | null;
  readonly keep_count: number | null;
  readonly slow_mode_s: number;
  readonly open_history: boolean;
  readonly metadata: string;
  readonly created_ms: number;
  /** Its owner has a living lease. */
  readonly serving: boolean;
  /** 0 for rooms. */
  readonly member_count: number;
  /** Who is inside, the first ones by id. */
  readonly users: readonly { readonly id: string; readonly name: string; readonly number: number }[];
}

/** What a transaction about one channel starts with. */
export interface LockedChannel {
  readonly name: string;
  readonly kind: ChannelKind;
  readonly user_limit: number;
  readonly owner_id: string;
}

interface Id {
  readonly id: number;
}

export const listed = sql<Id, [userId: string, afterId: number, size: number]>('listed');
export const visible = sql<Id, [channelId: number, userId: string]>('visible');
export const describe = sql<ChannelRow, [ids: readonly number[], ofRoom: number, ofChat: number]>('describe');
export const lockUser = sql<{ id: string }, [userId: string]>('lock-user');
export const createRoom = sql<
  Id,
  [ownerId: string, name: string, seats: number, description: string, channelsPerUser: number]
>('create-room');
export const lockChannel = sql<LockedChannel, [channelId: number]>('lock-channel');
export const deleteChannel = sql<never, [channelId: number]>('delete-channel');
export const audit = sql<never, [actor: string, action: string, target: string, detail: object]>('audit');
