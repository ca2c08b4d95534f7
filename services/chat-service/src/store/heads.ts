import { type Queryable, statements } from '@parley/database';

const sql = statements(import.meta.url);

export interface OwnedHead {
  readonly channel_id: number;
  readonly epoch: number;
}

export interface HeadRow {
  readonly boot_id: string | null;
  readonly epoch: number;
  readonly channel_name: string;
  readonly user_limit: number;
}

const mine = sql<OwnedHead, [bootId: string]>('my-heads');
const find = sql<HeadRow, [channelId: number]>('head');
const renew = sql<{ lease_until: Date | null }, [bootId: string, seconds: number]>('renew-lease');
const giveBack = sql<{ given: boolean }, [bootId: string, channels: readonly number[], epochs: readonly number[]]>(
  'give-back',
);

/** The channels that the database says this chat server owns. */
export class HeadStore {
  readonly #pool: Queryable;
  readonly #bootId: string;

  constructor(pool: Queryable, bootId: string) {
    this.#pool = pool;
    this.#bootId = bootId;
  }

  mine(): Promise<OwnedHead[]> {
    return mine.run(this.#pool, [this.#bootId]);
  }

  /** The head of a channel that is not deleted, where this server owns it. */
  async ownedByMe(channelId: number): Promise<HeadRow | undefined> {
    const [head] = await find.run(this.#pool, [channelId]);
    return head?.boot_id === this.#bootId ? head : undefined;
  }

  /** Renews the lease of this server itself, where no manager can. False: the database does not know this server. */
  async renewLease(seconds: number): Promise<boolean> {
    const [row] = await renew.run(this.#pool, [this.#bootId, seconds]);
    return row?.lease_until != null;
  }

  /** These channels have no owner afterwards. */
  async giveBack(heads: readonly OwnedHead[]): Promise<void> {
    const channels = heads.map(({ channel_id }) => channel_id);
    const epochs = heads.map(({ epoch }) => epoch);
    await giveBack.run(this.#pool, [this.#bootId, channels, epochs]);
  }
}
