import { type Queryable, statements } from '@parley/database';
import type { Reason } from '@parley/runtime';
import type { HeadRow, Role } from './heads.js';

const sql = statements(import.meta.url);

/** What taking a seat tells of its channel and user. */
export interface TakenSeat extends HeadRow {
  readonly name: string;
  readonly user_limit: number;
  readonly description: string;
  readonly icon_id: string | null;
  /** 0 nothing, null for ever. */
  readonly keep_seconds: number | null;
  /** Null: all. */
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
  /** Of this user in all channels. */
  readonly used_bytes: number;
  readonly used_rows: number;
  /** Nothing up to this seq is for this user. */
  readonly sees_after: number;
}

export interface SeatRow {
  readonly id: string;
  readonly live: boolean;
  /** Its `join_by` has passed. */
  readonly late: boolean;
  /** Its session has ended, or its user is not active any more. */
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

/** The seats of this chat server, in `chat.seat`. */
export class SeatStore {
  readonly #pool: Queryable;
  readonly #bootId: string;

  constructor(pool: Queryable, bootId: string) {
    this.#pool = pool;
    this.#bootId = bootId;
  }

  /** Takes a seat, once. Undefined: it cannot be taken, or not any more. */
  async take(key: SeatKey): Promise<TakenSeat | undefined> {
    const [taken] = await take.run(this.#pool, [key.seat, this.#bootId, key.channelId, key.userId]);
    return taken;
  }

  async leave(seats: readonly string[]): Promise<void> {
    if (seats.length > 0) await leave.run(this.#pool, [seats]);
  }

  /** Every seat that names this server, taken or reserved. */
  mine(): Promise<SeatRow[]> {
    return mine.run(this.#pool, [this.#bootId]);
  }

  /**
   * Why each of these seats is gone, or cannot be taken; undefined where the database does not
   * know.
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
