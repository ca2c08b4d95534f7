import { type ChannelKind, type Queryable, statements } from '@parley/database';

const sql = statements(import.meta.url);

/** A channel while one server has it. */
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
  /** False: what is said here is relayed only. */
  readonly keeps: boolean;
  readonly log_id: string;
}

/** Of a member; `none` of somebody in a room that has no row there. */
export type Role = 'admin' | 'member' | 'none';

export interface RosterMemberRow {
  readonly user_id: string;
  readonly role: Role;
  readonly left_seq: number | null;
  readonly banned: boolean;
  readonly muted_until_ms: number;
}

/** A channel's settings and some of its members. */
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

/** The channels that the database says this chat server owns. */
export class HeadStore {
  readonly #pool: Queryable;
  readonly #bootId: string;
  readonly #secret: Buffer;

  /** `secret` is the one behind the keys of this server: without it nobody renews its lease. */
  constructor(pool: Queryable, bootId: string, secret: Buffer) {
    this.#pool = pool;
    this.#bootId = bootId;
    this.#secret = secret;
  }

  mine(): Promise<OwnedHead[]> {
    return mine.run(this.#pool, [this.#bootId]);
  }

  /** The head of a channel that is not deleted, where this server owns it. */
  async ownedByMe(channelId: number): Promise<HeadRow | undefined> {
    const [head] = await find.run(this.#pool, [channelId, this.#bootId]);
    return head;
  }

  /** What these users are in the channel now; undefined where there is no such channel any more. */
  async roster(channelId: number, userIds: readonly string[]): Promise<RosterRow | undefined> {
    const [row] = await roster.run(this.#pool, [channelId, userIds]);
    return row;
  }

  /**
   * Renews the lease of this server itself, where no manager can. False: the database does not know
   * this server.
   */
  async renewLease(seconds: number): Promise<boolean> {
    const [row] = await renew.run(this.#pool, [this.#bootId, this.#secret, seconds]);
    return row?.lease_until != null;
  }

  /** Whether the database says that this server has stopped. */
  async hasStopped(): Promise<boolean> {
    const [row] = await hasStopped.run(this.#pool, [this.#bootId]);
    return row?.stopped === true;
  }

  /** These channels have no owner afterwards. */
  async giveBack(heads: readonly Ownership[]): Promise<void> {
    await giveBack.run(this.#pool, [this.#bootId, ...columnsOf(heads)]);
  }

  /**
   * Those of these channels where nobody sits or is about to have no owner afterwards; answers
   * their ids.
   */
  async giveBackEmpty(heads: readonly Ownership[]): Promise<ReadonlySet<number>> {
    const given = await giveBackEmpty.run(this.#pool, [this.#bootId, ...columnsOf(heads)]);
    return new Set(given.map(({ id }) => id));
  }
}
