import { statements } from '@parley/database';

const sql = statements(import.meta.url);

/** Where a chat server can be found. */
export interface SeatPlace {
  readonly boot_id: string;
  readonly name: string;
  readonly addr: string;
  readonly internal_addr: string;
  readonly tls: boolean;
}

/** A channel's living owner, by the ownership that a seat is for. */
export interface Owner extends SeatPlace {
  readonly epoch: number;
}

/** What holds of a channel for one user: what the user is there, and the owner that the head names, dead or alive. */
export type Look = {
  readonly epoch: number;
  /** So long a lease that has lapsed may still be renewed. */
  readonly wait_ms: number;
  /** How long ago the owner's lease lapsed; null where it has not, or where there is none. */
  readonly lapsed_ms: number | null;
  readonly member: boolean;
  readonly banned: boolean;
} & (({ readonly alive: true } & SeatPlace) | { readonly alive: false });

/** A seat that the user had elsewhere, at a living server. */
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

export const look = sql<Look, [channelId: number, userId: string]>('look');
export const claim = sql<Owner, [channelId: number, epoch: number]>('claim');
export const seatInRoom = sql<SeatOutcome, NewSeat>('room-seat');
export const seatInChat = sql<SeatOutcome, NewSeat>('chat-seat');
