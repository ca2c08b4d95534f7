import { array, bool, int4, int8, loadSql, nullable, type Queryable, type RowOf, text, uuid } from '@parley/database';
import type { Reason } from '@parley/runtime';
import { settingConstants, sharedChannelColumns } from '@parley/service-kit';
import { headColumns, type Role } from './heads.js';

const sql = loadSql('seats.sql', import.meta.url, settingConstants);

const claimSeat = sql.statement(
  'claimSeat',
  { seatId: uuid, instanceId: uuid, channelId: int4, userId: text },
  {
    ...sharedChannelColumns,
    ...headColumns,
    userId: text,
    number: int4,
    userName: text,
    /**
     * Bytes and rows stored in all channels by this user and the users who share the quota: a user
     * and the bots that they made for channels.
     */
    usedBytes: int8,
    usedRows: int8,
    role: text.as<Role>(),
    /** Seq after which the user may see entries. */
    visibleAfter: int8,
    mutedUntilMs: int8,
  },
);
const deleteSeats = sql.statement('deleteSeats', { seatIds: array(uuid) });
export const listSeats = sql.statement(
  'listSeats',
  { instanceId: uuid },
  { id: uuid, live: bool, isExpired: bool, hasEnded: bool },
);
const lossReasons = sql.statement(
  'lossReasons',
  { seatIds: array(uuid), channelIds: array(int4), userIds: array(text), sessionIds: array(uuid), instanceId: uuid },
  { reason: nullable(text.as<Reason>()) },
);

/** A claimed seat: its channel, its user and the membership. */
export type ClaimedSeat = RowOf<typeof claimSeat>;

/** A seat of this server, live or reserved. */
export type ServerSeat = RowOf<typeof listSeats>;

export interface SeatKey {
  readonly seat: string;
  readonly channelId: number;
  readonly userId: string;
  readonly sessionId: string;
}

/** Seats of this chat server, in `chat.seat`. */
export class SeatStore {
  readonly #pool: Queryable;
  readonly #instanceId: string;

  constructor(pool: Queryable, instanceId: string) {
    this.#pool = pool;
    this.#instanceId = instanceId;
  }

  /** Claims a seat; each can be claimed once. Returns undefined if it cannot be claimed. */
  async claim({ seat, channelId, userId }: SeatKey): Promise<ClaimedSeat | undefined> {
    const [claimed] = await claimSeat.run(this.#pool, {
      seatId: seat,
      instanceId: this.#instanceId,
      channelId,
      userId,
    });
    return claimed;
  }

  async delete(seatIds: readonly string[]): Promise<void> {
    if (seatIds.length > 0) await deleteSeats.run(this.#pool, { seatIds });
  }

  /** Returns all seats of this server, live or reserved. */
  list(): Promise<ServerSeat[]> {
    return listSeats.run(this.#pool, { instanceId: this.#instanceId });
  }

  /**
   * Returns, for each seat, why it is gone or cannot be claimed, or undefined if the database does
   * not know.
   */
  async lossReasons(keys: readonly SeatKey[]): Promise<(Reason | undefined)[]> {
    const rows = await lossReasons.run(this.#pool, {
      instanceId: this.#instanceId,
      seatIds: keys.map(({ seat }) => seat),
      channelIds: keys.map(({ channelId }) => channelId),
      userIds: keys.map(({ userId }) => userId),
      sessionIds: keys.map(({ sessionId }) => sessionId),
    });
    return rows.map(({ reason }) => reason ?? undefined);
  }
}
