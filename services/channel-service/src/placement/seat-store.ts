import {
  bool,
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
import type { ServerTarget } from './chat-servers.js';
import { serverColumns } from './server-store.js';

const sql = loadSql('seats.sql', import.meta.url);

const targetColumns = { instanceId: uuid, internalAddr: text };

/** A seat on a live server that a new seat of the same user has replaced. */
export interface ReplacedSeat extends ServerTarget {
  readonly id: string;
}

const newSeat = {
  seatId: uuid,
  channelId: int4,
  userId: text,
  instanceId: uuid,
  epoch: int8,
  sessionId: uuid,
  maxSeats: int8,
  joinWithinSeconds: float8,
};
const reservedSeat = { joinBy: timestamptz, replaced: nullable(json<ReplacedSeat>()) };

const readState = sql.statement(
  'readChannelState',
  { channelId: int4, userId: text },
  {
    epoch: int8,
    instanceId: nullable(uuid),
    name: nullable(text),
    addr: nullable(text),
    internalAddr: nullable(text),
    tls: nullable(bool),
    alive: bool,
    waitMs: int4,
    lapsedMs: nullable(int8),
    member: bool,
    bannedForMs: int4,
  },
);
export const claimChannel = sql.statement(
  'claimChannel',
  { channelId: int4, epoch: int8 },
  { epoch: int8, ...serverColumns },
);
export const reserveRoomSeat = sql.statement('reserveRoomSeat', newSeat, reservedSeat);
export const reserveChatSeat = sql.statement('reserveChatSeat', newSeat, reservedSeat);
export const reserveChannel = sql.statement('reserveChannel', { channelId: int4, seconds: float8 });
export const endSeatsInChannel = sql.statement('endSeatsInChannel', { channelId: int4, userId: text }, targetColumns);
const endedSeats = { ...targetColumns, seats: int8 };
const seatSelector = { channelId: nullable(int4), userId: nullable(text) };
export const endSeats = sql.statement('endSeats', seatSelector, endedSeats);
export const kickSeats = sql.statement('kickSeats', seatSelector, endedSeats);

/** Owning server of a channel, with a live lease, and the epoch. */
export type Owner = RowOf<typeof claimChannel>;

/** Time until which a reserved seat can be taken, and the seat it replaces. */
export type SeatOutcome = RowOf<typeof reserveRoomSeat>;

/** Live server on which seats were deleted, and their number. */
export type EndedSeats = RowOf<typeof endSeats>;

/**
 * State of a channel for one user: the membership of the user, and the owning server named by the
 * head, if its lease is live.
 */
export interface ChannelState {
  readonly epoch: number;
  readonly owner: Owner | undefined;
  /** Milliseconds to wait before treating the lapsed lease as dead. */
  readonly waitMs: number;
  /**
   * Milliseconds since the lease of the owning server lapsed; null if it has not lapsed or there is
   * none.
   */
  readonly lapsedMs: number | null;
  readonly member: boolean;
  /** Remaining time of a ban in milliseconds, at most 24 days; 0 if there is none. */
  readonly bannedForMs: number;
}

/** Reads the state of a locked channel, or undefined if it has no head. */
export async function readChannelState(
  client: Queryable,
  channelId: number,
  userId: string,
): Promise<ChannelState | undefined> {
  const [row] = await readState.run(client, { channelId, userId });
  if (row === undefined) return undefined;
  const { epoch, waitMs, lapsedMs, member, bannedForMs } = row;
  return { epoch, owner: row.alive ? (row as Owner) : undefined, waitMs, lapsedMs, member, bannedForMs };
}
