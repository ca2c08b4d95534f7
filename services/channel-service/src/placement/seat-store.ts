import { statements } from '@parley/database';
import type { ServerTarget } from './chat-servers.js';

const sql = statements(import.meta.url);

/** A live server where streams ended. */
export interface KickedSeat extends ServerTarget {
  readonly seats: number;
}

export const kick = sql<KickedSeat, [channelId: number | null, userId: string | null]>('kick');

export const endSeats = sql<ServerTarget, [channelId: number, userId: string]>('end-seats');

/** Address of a chat server. */
export interface SeatPlace {
  readonly boot_id: string;
  readonly name: string;
  readonly addr: string;
  readonly internal_addr: string;
  readonly tls: boolean;
}

/** Live owner of a channel, with its epoch. */
export interface Owner extends SeatPlace {
  readonly epoch: number;
}

/**
 * State of a channel for one user: the user's membership, and the owner named by the head, live or
 * dead.
 */
export type ChannelState = {
  readonly epoch: number;
  /** Milliseconds to wait before treating the lapsed lease as dead. */
  readonly wait_ms: number;
  /** Milliseconds since the owner's lease lapsed; null if it has not lapsed or there is none. */
  readonly lapsed_ms: number | null;
  readonly member: boolean;
  readonly banned: boolean;
} & (({ readonly alive: true } & SeatPlace) | { readonly alive: false });

/** A replaced seat of the user on a live server. */
export interface ReplacedSeat {
  readonly id: string;
  readonly boot_id: string;
  readonly internal_addr: string;
}

export interface SeatOutcome {
  readonly join_by: Date;
  readonly replaced: ReplacedSeat | null;
}

type NewSeat = [
  seat: string,
  channelId: number,
  userId: string,
  bootId: string,
  epoch: number,
  sessionId: string,
  atMost: number,
  joinWithinSeconds: number,
];

export const channelState = sql<ChannelState, [channelId: number, userId: string]>('channel-state');

export const claim = sql<Owner, [channelId: number, epoch: number]>('claim');

export const seatInRoom = sql<SeatOutcome, NewSeat>('room-seat');

export const seatInChat = sql<SeatOutcome, NewSeat>('chat-seat');
