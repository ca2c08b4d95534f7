import {
  array,
  bool,
  bytea,
  type ChannelKind,
  enumeration,
  float8,
  int4,
  int8,
  json,
  loadSql,
  nullable,
  type Queryable,
  type RowOf,
  text,
  timestamptz,
  uuid,
} from '@parley/database';
import { BatchedReads, settingColumns, settingConstants } from '@parley/service-kit';
import { readBounds } from './read-bounds.js';

/** The computed fields of a member `m` of a channel `c`. */
const memberConstants = {
  VISIBLE_AFTER: 'CASE WHEN c.open_history THEN 0 ELSE m.joined_seq END',
  BANNED_FOR_MS:
    "CASE WHEN m.banned_until > now() THEN ceil(extract(epoch FROM least(m.banned_until, now() + interval '24 d') - now()) * 1000)::int ELSE 0 END",
  MUTED_UNTIL_MS:
    "coalesce(floor(extract(epoch FROM CASE WHEN m.muted_until = 'infinity' THEN '9999-01-01' ELSE m.muted_until END) * 1000)::bigint, 0)",
};
const sql = loadSql('heads.sql', import.meta.url, { ...settingConstants, ...memberConstants });

/**
 * Columns of a channel and its head. `hasHistory` is false if messages are only relayed, not
 * stored.
 */
export const headColumns = {
  channelId: int4,
  kind: enumeration<ChannelKind>('chat.channel_kind'),
  ownerId: text,
  ...settingColumns,
  hasHistory: bool,
  epoch: int8,
  logId: uuid,
  firstSeq: int8,
  lastSeq: int8,
  revision: int4,
  storedBytes: int8,
  storedRows: int8,
};

/** Role of a member; `none` for a user of a room, which has no members. */
export type Role = 'admin' | 'member' | 'none';

export interface ChannelMember {
  readonly userId: string;
  readonly role: Role;
  readonly leftSeq: number | null;
  /** Seq up to which the member may not read the log. */
  readonly visibleAfter: number;
  /** Remaining time of a ban in milliseconds, at most 24 days; 0 if there is none. */
  readonly bannedForMs: number;
  readonly mutedUntilMs: number;
}

const ownedHeads = sql.statement(
  'ownedHeads',
  { instanceId: uuid },
  {
    channelId: int4,
    epoch: int8,
    firstSeq: int8,
    lastSeq: int8,
    revision: int4,
    storedBytes: int8,
    storedRows: int8,
  },
);
const ownedChannels = sql.statement('ownedChannels', { channelIds: array(int4), instanceId: uuid }, headColumns);
const readMembers = sql.statement(
  'readMembers',
  { channelId: int4, userIds: array(text) },
  { revision: int4, ownerId: text, ...settingColumns, members: json<readonly ChannelMember[]>() },
);
const readRights = sql.statement(
  'readRights',
  { channelIds: array(int4), userIds: array(text) },
  {
    pair: int8,
    revision: int4,
    role: nullable(text.as<Role>()),
    leftSeq: nullable(int8),
    visibleAfter: nullable(int8),
    bannedForMs: int4,
    mutedUntilMs: int8,
  },
);
const renewLease = sql.statement(
  'renewLease',
  { instanceId: uuid, secret: bytea, seconds: float8 },
  { leaseUntil: nullable(timestamptz) },
);
const hasStopped = sql.statement('hasStopped', { instanceId: uuid }, { stopped: bool });
const channelsOfOwner = { instanceId: uuid, channelIds: array(int4), epochs: array(int8) };
const releaseHeads = sql.statement('releaseHeads', channelsOfOwner, { released: bool });
const releaseEmptyHeads = sql.statement('releaseEmptyHeads', channelsOfOwner, { channelId: int4 });

export type OwnedHead = RowOf<typeof ownedHeads>;

/** A channel and its head. */
export type ChannelHead = RowOf<typeof ownedChannels>;

/** A channel in the epoch in which this server owns it. */
export type Ownership = Pick<OwnedHead, 'channelId' | 'epoch'>;

/** Settings of a channel and some of its members. */
export type ChannelMembers = RowOf<typeof readMembers>;

/** A user and a channel. */
export interface MemberKey {
  readonly channelId: number;
  readonly userId: string;
}

/** The membership of a user in a channel, if there is one, as of this revision. */
export interface MemberRights {
  readonly revision: number;
  readonly member: ChannelMember | undefined;
}

function rightsOf(userId: string, { revision, role, visibleAfter, ...row }: RowOf<typeof readRights>): MemberRights {
  return { revision, member: role === null ? undefined : { userId, role, visibleAfter: visibleAfter ?? 0, ...row } };
}

/** Heads of the channels that this chat server owns according to the database. */
export class HeadStore {
  readonly #pool: Queryable;
  readonly #instanceId: string;
  readonly #secret: Buffer;
  /** After a failover, many channels are loaded at once, each for many users. */
  readonly #owned = new BatchedReads((ids: readonly number[]) => this.#readOwned(ids), readBounds);

  /** `secret` is the secret of this server's keys, which is needed to renew the lease. */
  constructor(pool: Queryable, instanceId: string, secret: Buffer) {
    this.#pool = pool;
    this.#instanceId = instanceId;
    this.#secret = secret;
  }

  /** Returns the heads of all channels that this server owns. */
  ownedHeads(): Promise<OwnedHead[]> {
    return ownedHeads.run(this.#pool, { instanceId: this.#instanceId });
  }

  /**
   * Returns the head of a channel if this server owns it and it is not deleted. Many calls share one
   * statement.
   */
  ownedHead(channelId: number): Promise<ChannelHead | undefined> {
    return this.#owned.ask(channelId);
  }

  async #readOwned(channelIds: readonly number[]): Promise<(ChannelHead | undefined)[]> {
    const wanted = [...new Set(channelIds)];
    const rows = await ownedChannels.run(this.#pool, { channelIds: wanted, instanceId: this.#instanceId });
    const heads = new Map(rows.map((row) => [row.channelId, row]));
    return channelIds.map((id) => heads.get(id));
  }

  /**
   * Returns the settings and the memberships of these users, or undefined if the channel is gone.
   */
  async members(channelId: number, userIds: readonly string[]): Promise<ChannelMembers | undefined> {
    const [row] = await readMembers.run(this.#pool, { channelId, userIds });
    return row;
  }

  /** Returns the rights of users in channels, in order; undefined if the channel is gone. */
  async rights(keys: readonly MemberKey[]): Promise<(MemberRights | undefined)[]> {
    const [channelIds, userIds] = [keys.map(({ channelId }) => channelId), keys.map(({ userId }) => userId)];
    const rows = new Map((await readRights.run(this.#pool, { channelIds, userIds })).map((row) => [row.pair, row]));
    return keys.map(({ userId }, at) => {
      const row = rows.get(at + 1);
      return row && rightsOf(userId, row);
    });
  }

  /**
   * Renews the lease of this server directly. Returns false if no manager has registered this
   * server or it has stopped.
   */
  async renewLease(seconds: number): Promise<boolean> {
    const [lease] = await renewLease.run(this.#pool, {
      instanceId: this.#instanceId,
      secret: this.#secret,
      seconds,
    });
    return lease?.leaseUntil != null;
  }

  /** Returns true if the database says that this server has stopped. */
  async hasStopped(): Promise<boolean> {
    const [server] = await hasStopped.run(this.#pool, { instanceId: this.#instanceId });
    return server?.stopped === true;
  }

  /** Releases channels, which then have no owning server. */
  async release(heads: readonly Ownership[]): Promise<void> {
    await releaseHeads.run(this.#pool, this.#channels(heads));
  }

  /** Releases those channels that have no live or reserved seats, and returns their ids. */
  async releaseEmpty(heads: readonly Ownership[]): Promise<ReadonlySet<number>> {
    const released = await releaseEmptyHeads.run(this.#pool, this.#channels(heads));
    return new Set(released.map(({ channelId }) => channelId));
  }

  #channels(heads: readonly Ownership[]) {
    return {
      instanceId: this.#instanceId,
      channelIds: heads.map(({ channelId }) => channelId),
      epochs: heads.map(({ epoch }) => epoch),
    };
  }
}
