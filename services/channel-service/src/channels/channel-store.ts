import { kindConstants } from '@parley/contract';
import {
  allNullable,
  array,
  bool,
  db,
  int4,
  int8,
  json,
  loadSql,
  type MemberRole,
  nullable,
  type ParametersOf,
  type Queryable,
  type RowOf,
  text,
} from '@parley/database';
import { settingColumns, settingConstants, sharedChannelColumns } from '@parley/service-kit';

const { kind } = sharedChannelColumns;

/**
 * Columns of a channel that are the same for every reader. They come from its row `c`, its head
 * `h`, its listing `l` and its live server `s`.
 */
export const channelConstants = {
  ...settingConstants,
  CHANNEL: `c.id, :CHANNEL_FIELDS, s.instance_id IS NOT NULL AS serving, CASE WHEN c.kind = 'room' THEN 0 ELSE h.members END AS member_count,
    floor(extract(epoch FROM greatest(h.last_at, l.active_at)) * 1000)::bigint AS last_ms`,
};
export const channelColumns = {
  id: int4,
  ...sharedChannelColumns,
  /** Whether the owning server has a live lease. */
  serving: bool,
  /** Number of members; 0 for rooms. */
  memberCount: int4,
  /** Time of the last entry or the last use, in Unix ms. */
  lastMs: int8,
};

/** Columns of a channel as one user sees it. */
export const viewColumns = {
  myRank: text.as<'owner' | MemberRole | 'none'>(),
  offered: nullable(text.as<'owner' | 'member'>()),
  /** Seq of the last entry; 0, with an empty log id, for a user who may not read the channel. */
  lastSeq: int8,
  logId: text,
  /** Number of users present, counted up to `limits.usersCounted`. */
  people: int8,
};

const sql = loadSql('channels.sql', import.meta.url, { ...kindConstants, ...channelConstants });

/** A user who is in a channel now. */
interface PresentUser {
  readonly id: string;
  readonly name: string;
  readonly number: number;
}

export const describe = sql.statement(
  'describe',
  { channelIds: array(int4), maxUsersOfRoom: int4, maxUsersOfChat: int4, readerId: text, maxCounted: int4 },
  {
    ...channelColumns,
    ...viewColumns,
    /** The first users present, by id. */
    users: json<readonly PresentUser[]>(),
  },
);
export const createChannel = sql.statement(
  'createChannel',
  {
    ownerId: text,
    name: text,
    limit: int4,
    kind,
    retentionSeconds: nullable(int4),
    retentionCount: nullable(int4),
    ...settingColumns,
    isOpenHistory: bool,
    metadata: json<string>(),
    maxChannels: int8,
  },
  { id: int4 },
);
export const updateChannel = sql.statement('updateChannel', {
  channelId: int4,
  name: nullable(text),
  limit: nullable(int4),
  ...allNullable(settingColumns),
  metadata: nullable(json<string>()),
  kind: nullable(kind),
  changesRetention: bool,
  retentionSeconds: nullable(int4),
  retentionCount: nullable(int4),
});
export const startLog = sql.statement('startLog', { channelId: int4, hasHistory: bool });
export const createDirect = sql.statement(
  'createDirect',
  { openerId: text, low: text, high: text, retentionSeconds: nullable(int4) },
  { id: int4 },
);

/** A channel as one user sees it, without the users who are present. */
export type ChannelView = Omit<RowOf<typeof describe>, 'users'>;

/** Fields of a new channel. */
export type NewChannelFields = Omit<ParametersOf<typeof createChannel>, 'maxChannels'>;

/** Retention of a channel. */
export interface ChannelRetention {
  /** Seconds for which messages are kept; null: unlimited; 0: no history. */
  readonly seconds: number | null;
  /** Number of messages that are kept; null: unlimited. */
  readonly count: number | null;
}

/** Two user ids, ordered by their bytes. */
export interface UserPair {
  readonly low: string;
  readonly high: string;
}

export function pairOf(a: string, b: string): UserPair {
  return a < b ? { low: a, high: b } : { low: b, high: a };
}

/** Returns the id of the direct chat of two users, or undefined if there is none. */
export async function findDirect(client: Queryable, { low, high }: UserPair): Promise<number | undefined> {
  const channel = await db(client)
    .selectFrom('channel')
    .select('id')
    .where('kind', '=', 'direct')
    .where('deletedAt', 'is', null)
    .where('pairLow', '=', low)
    .where('pairHigh', '=', high)
    .executeTakeFirst();
  return channel?.id;
}
