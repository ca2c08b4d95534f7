import { type Queryable, statements } from '@parley/database';
import type { Reason } from '@parley/runtime';
import type { HeadRow, Role } from './heads.js';

const sql = statements(import.meta.url);

/** Result of taking a seat: its channel, its user and the membership. */
export interface TakenSeat extends HeadRow {
  readonly name: string;
  readonly user_limit: number;
  readonly description: string;
  readonly icon_id: string | null;
  /** Seconds of retention: 0 for no history, null for no limit. */
  readonly keep_seconds: number | null;
  /** Maximum number of entries; null for no limit. */
  readonly keep_count: number | null;
  readonly open_history: boolean;
  /** JSON. */
  readonly metadata: string;
  readonly created_ms: number;
  readonly user_id: string;
  readonly number: number;
  readonly user_name: string;
  readonly role: Role;
  readonly muted_until_ms: number;
  /** Bytes and rows that this user has stored in all channels. */
  readonly used_bytes: number;
  readonly used_rows: number;
  /** The user may see only entries after this seq. */
  readonly sees_after: number;
}

export interface SeatRow {
  readonly id: string;
  readonly live: boolean;
  /** True if its `join_by` has passed. */
  readonly late: boolean;
  /** True if its session has ended, or its user is no longer active. */
  readonly over: boolean;
}

export interface SeatKey {
  readonly seat: string;
  readonly channelId: number;
  readonly userId: string;
  readonly sessionId: string;
}

const take = sql<TakenSeat, [seat: string, bootId: string, channelId: number, userId: string]>('take-seat');
const leave = sql<never, [seats: readonly string[]]>('leave-seats');
const mine = sql<SeatRow, [bootId: string]>('my-seats');
const why = sql<
  { reason: Reason | null },
  [bootId: string, channelIds: readonly number[], userIds: readonly string[], sessionIds: readonly string[]]
>('why-gone');

/** Seats of this chat server, in `chat.seat`. */
export class SeatStore {
  readonly #pool: Queryable;
  readonly #bootId: string;

  constructor(pool: Queryable, bootId: string) {
    this.#pool = pool;
    this.#bootId = bootId;
  }

  /** Takes a seat, which works once. Returns undefined if it cannot be taken. */
  async take(key: SeatKey): Promise<TakenSeat | undefined> {
    const [taken] = await take.run(this.#pool, [key.seat, this.#bootId, key.channelId, key.userId]);
    return taken;
  }

  async leave(seats: readonly string[]): Promise<void> {
    if (seats.length > 0) await leave.run(this.#pool, [seats]);
  }

  /** Returns all seats of this server, live or reserved. */
  mine(): Promise<SeatRow[]> {
    return mine.run(this.#pool, [this.#bootId]);
  }

  /**
   * Returns, for each seat, why it is gone or cannot be taken, or undefined if the database does
   * not know.
   */
  async whyGone(keys: readonly SeatKey[]): Promise<(Reason | undefined)[]> {
    const columns = [
      keys.map(({ channelId }) => channelId),
      keys.map(({ userId }) => userId),
      keys.map(({ sessionId }) => sessionId),
    ] as const;
    const rows = await why.run(this.#pool, [this.#bootId, ...columns]);
    return rows.map(({ reason }) => reason ?? undefined);
  }
}
