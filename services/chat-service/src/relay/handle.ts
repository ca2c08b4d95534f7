import { type MessageRate, MessageRateLimiter } from '@parley/fanout';
import type { Reason } from '@parley/runtime';
import type { Person } from '../core/live-channel.js';
import type { CloseInfo } from '../session/participants.js';
import type { ChatSession } from '../session/session.js';
import type { RoomStream } from './room-stream.js';

/** The relay that has a handle. It tells its gateway of the end of the handle. */
export interface HandleOwner {
  /** Tells the gateway that a handle has ended; with a channel id, only in that channel. */
  tellClosed(handle: number, channelId: number, why: Reason, closeInfo?: CloseInfo): void;
  forget(handle: Handle): void;
}

/** A chat in which the user of a handle is present. */
export interface PresencePlace {
  depart(handle: Handle): void;
}

/** The seat of a handle in a room. */
export interface RoomSeat {
  readonly session: ChatSession;
  readonly stream: RoomStream;
}

export interface HandleOptions {
  /** Number that no other handle of this process has had. */
  readonly number: number;
  readonly person: Person;
  readonly sessionId: string;
  /** The only channel that this bot may be in. Absent for other bots and for people. */
  readonly onlyChannelId?: number | undefined;
  /** The seat, if the handle is for a room. */
  readonly room?: RoomSeat;
  /** Limit for frames of any kind from this user. */
  readonly rate: MessageRate;
}

/** A session of a user for which a relay acts, either in chats or in one room. */
export class Handle {
  readonly number: number;
  readonly person: Person;
  readonly sessionId: string;
  readonly onlyChannelId: number | undefined;
  readonly room: RoomSeat | undefined;
  readonly arrivals: MessageRateLimiter;
  /** Chats in which the user is present through this handle. */
  readonly places = new Set<PresencePlace>();
  /** The relay that has this handle; undefined before the response, and after the relay broke. */
  owner: HandleOwner | undefined;
  /** Monotonic time when its relay broke. */
  brokeAtMs = 0;
  #hasEnded = false;
  #endedBy: Reason | undefined;

  constructor({ number, person, sessionId, onlyChannelId, room, rate }: HandleOptions) {
    this.number = number;
    this.person = person;
    this.sessionId = sessionId;
    this.onlyChannelId = onlyChannelId;
    this.room = room;
    this.arrivals = new MessageRateLimiter(rate);
    room?.stream.onEnd((refusal) =>
      this.end(refusal?.reason ?? 'seat-gone', room.session.farewell ?? { listenAgain: false, retryAfterMs: 0 }),
    );
  }

  /** Key of the handle among the seats of a channel. */
  get seat(): string {
    return `handle ${this.number}`;
  }

  /** The room of the handle; 0 if it is for chats. */
  get roomId(): number {
    return this.room?.session.key.channelId ?? 0;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Reason for which the seat has ended, if the handle is for a room. */
  get seatEndedBy(): Reason | undefined {
    return this.room && this.#endedBy;
  }

  /** Ends the handle and the presence of its user. Tells the gateway if there is a reason. */
  end(why?: Reason, closeInfo?: CloseInfo): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#endedBy = why;
    for (const place of [...this.places]) place.depart(this);
    this.owner?.forget(this);
    if (why !== undefined) this.owner?.tellClosed(this.number, this.roomId, why, closeInfo);
    this.room?.stream.end();
  }
}
