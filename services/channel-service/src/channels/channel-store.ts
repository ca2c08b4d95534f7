import { kindConstants } from '@parley/contract';
import { type ChannelKind, type MemberRole, statements } from '@parley/database';

const sql = statements(import.meta.url, kindConstants);

/** A channel as one user sees it. */
export interface ChannelRow {
  readonly id: number;
  readonly name: string;
  readonly user_limit: number;
  readonly kind: ChannelKind;
  readonly owner_id: string;
  readonly description: string;
  readonly icon_id: string | null;
  readonly retention_seconds: number | null;
  readonly retention_count: number | null;
  readonly slow_mode_s: number;
  readonly open_history: boolean;
  readonly metadata: string;
  readonly created_ms: number;
  /** Its owner has a live lease. */
  readonly serving: boolean;
  /** 0 for rooms. */
  readonly member_count: number;
  /** Time of the last entry or the last use, in Unix ms. */
  readonly last_ms: number;
  readonly my_rank: 'owner' | MemberRole | 'none';
  readonly offered: 'owner' | 'member' | null;
  /** 0, with an empty log id, for a user who may not read it. */
  readonly last_seq: number;
  readonly log_id: string;
  /** Number of users present, counted up to `limits.usersCounted`. */
  readonly people: number;
  /** The first users present, by id. */
  readonly users: readonly { readonly id: string; readonly name: string; readonly number: number }[];
}

/** Retention of a channel. */
export interface RetentionRow {
  /** Seconds; null: unlimited; 0: no history. */
  readonly seconds: number | null;
  /** Number of entries; null: unlimited. */
  readonly count: number | null;
}

interface Id {
  readonly id: number;
}

export const describe = sql<
  ChannelRow,
  [ids: readonly number[], ofRoom: number, ofChat: number, userId: string, counted: number]
>('describe');

export const createChannel = sql<
  Id,
  [
    ownerId: string,
    name: string,
    limit: number,
    description: string,
    kind: ChannelKind,
    retentionSeconds: number | null,
    retentionCount: number | null,
    slowModeS: number,
    openHistory: boolean,
    metadata: string,
    channelsPerUser: number,
  ]
>('create-channel');

export const updateChannel = sql<
  never,
  [
    channelId: number,
    name: string | null,
    description: string | null,
    limit: number | null,
    slowModeS: number | null,
    metadata: string | null,
    kind: ChannelKind | null,
    retentionChanges: boolean,
    retentionSeconds: number | null,
    retentionCount: number | null,
  ]
>('update-channel');

export const newLog = sql<never, [channelId: number, hasHistory: boolean]>('new-log');

export const findDirect = sql<Id, [low: string, high: string]>('find-direct');

export const createDirect = sql<Id, [openerId: string, low: string, high: string]>('create-direct');

export const deleteChannel = sql<never, [channelId: number]>('delete-channel');
