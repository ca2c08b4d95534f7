import { type ChannelKind, type Queryable, statements } from '@parley/database';

const sql = statements(import.meta.url);

/** One ownership of a channel: the epoch changes with each owner. */
export interface Ownership {
  readonly channel_id: number;
  readonly epoch: number;
}

export interface OwnedHead extends Ownership {
  readonly first_seq: number;
  readonly last_seq: number;
  readonly roster: number;
  readonly stored_bytes: number;
  readonly stored_rows: number;
}

/** A channel and its head. */
export interface HeadRow extends OwnedHead {
  readonly kind: ChannelKind;
  readonly owner_id: string;
  readonly slow_mode_s: number;
  /** False if messages are only relayed, not stored. */
  readonly keeps: boolean;
  readonly log_id: string;
}

/** Role of a member; `none` for a user in a room without a row. */
export type Role = 'admin' | 'member' | 'none';

export interface RosterMemberRow {
  readonly user_id: string;
  readonly role: Role;
  readonly left_seq: number | null;
  readonly banned: boolean;
  readonly muted_until_ms: number;
}

/** Settings of a channel and some of its members. */
export interface RosterRow {
  readonly roster: number;
  readonly owner_id: string;
  readonly slow_mode_s: number;
  readonly members: readonly RosterMemberRow[];
}

const mine = sql<OwnedHead, [bootId: string]>('my-heads');
const find = sql<HeadRow, [channelId: number, bootId: string]>('head');
const roster = sql<RosterRow, [channelId: number, userIds: readonly string[]]>('roster');
const hasStopped = sql<{ stopped: boolean }, [bootId: string]>('has-stopped');
const renew = sql<{ lease_until: Date | null }, [bootId: string, secret: Buffer, seconds: number]>('renew-lease');
const giveBack = sql<{ given: boolean }, [bootId: string, channels: readonly number[], epochs: readonly number[]]>(
  'give-back',
);
const giveBackEmpty = sql<{ id: number }, [bootId: string, channels: readonly number[], epochs: readonly number[]]>(
  'give-back-empty',
);

function columnsOf(heads: readonly Ownership[]): [channels: number[], epochs: number[]] {
  return [heads.map(({ channel_id }) => channel_id), heads.map(({ epoch }) => epoch)];
}

/** Heads of the channels that this chat server owns according to the database. */
export class HeadStore {
  readonly #pool: Queryable;
  readonly #bootId: string;
  readonly #secret: Buffer;

  /** `secret` is the secret of this server's keys; renewing the lease needs it. */
  constructor(pool: Queryable, bootId: string, secret: Buffer) {
    this.#pool = pool;
    this.#bootId = bootId;
    this.#secret = secret;
  }

  mine(): Promise<OwnedHead[]> {
    return mine.run(this.#pool, [this.#bootId]);
  }

  /** Returns the head of a channel if this server owns it and it is not deleted. */
  async ownedByMe(channelId: number): Promise<HeadRow | undefined> {
    const [head] = await find.run(this.#pool, [channelId, this.#bootId]);
    return head;
  }

  /**
   * Returns the settings and the memberships of these users, or undefined if the channel is gone.
   */
  async roster(channelId: number, userIds: readonly string[]): Promise<RosterRow | undefined> {
    const [row] = await roster.run(this.#pool, [channelId, userIds]);
    return row;
  }

  /**
   * Renews the lease of this server directly. Returns false if the database does not know this
   * server.
   */
  async renewLease(seconds: number): Promise<boolean> {
    const [row] = await renew.run(this.#pool, [this.#bootId, this.#secret, seconds]);
    return row?.lease_until != null;
  }

  /** Returns true if the database says that this server has stopped. */
  async hasStopped(): Promise<boolean> {
    const [row] = await hasStopped.run(this.#pool, [this.#bootId]);
    return row?.stopped === true;
  }

  /** Gives channels back. They have no owner afterwards. */
  async giveBack(heads: readonly Ownership[]): Promise<void> {
    await giveBack.run(this.#pool, [this.#bootId, ...columnsOf(heads)]);
  }

  /** Gives back those channels that have no live or reserved seats, and returns their ids. */
  async giveBackEmpty(heads: readonly Ownership[]): Promise<ReadonlySet<number>> {
    const given = await giveBackEmpty.run(this.#pool, [this.#bootId, ...columnsOf(heads)]);
    return new Set(given.map(({ id }) => id));
  }
}
