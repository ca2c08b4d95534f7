import type { Reason } from '@parley/runtime';
import type { LiveChannel } from '../core/live-channel.js';
import type { Receipts, ReportedReceipt } from '../core/receipts.js';
import type { SeatKey } from '../store/seats.js';
import type { Author } from './publisher.js';
import type { Membership } from './rules.js';

/** Advice to the client at the end of a stream: whether to listen again, and when. */
export interface CloseInfo {
  readonly listenAgain: boolean;
  readonly retryAfterMs: number;
  /** With `seq`: position to resume from. */
  readonly log?: string;
  readonly seq?: number;
}

/** Advice never to listen again. */
export const forGood: CloseInfo = { listenAgain: false, retryAfterMs: 0 };
/** Advice to listen again at once. */
export const atOnce: CloseInfo = { listenAgain: true, retryAfterMs: 0 };

/** A user who may send in a channel, either by their own stream or through a relay. */
export interface Participant extends Author {
  readonly key: SeatKey;
  readonly channel: LiveChannel;
  /** The user's rights in the channel, as last read. */
  membership: Membership;
  /** Ends this participation, with a reason for the client. */
  goodbye(reason: Reason, closeInfo?: CloseInfo): void;
}

/** Notes a receipt of a participant. Ignores those of removed users, and of users of rooms. */
export function noteReceipt(
  { membership, channel, person }: Participant,
  receipt: ReportedReceipt,
  receipts: Receipts,
): void {
  if (membership.role !== 'none' && !membership.removed) receipts.note(channel, person.id, receipt);
}

const nobody: ReadonlySet<Participant> = new Set();

/** The participants of each live channel of this process. */
export class Participants {
  readonly #of = new Map<LiveChannel, Set<Participant>>();

  add(one: Participant): void {
    const here = this.#of.get(one.channel);
    if (here === undefined) this.#of.set(one.channel, new Set([one]));
    else here.add(one);
  }

  remove(one: Participant): void {
    const here = this.#of.get(one.channel);
    here?.delete(one);
    if (here?.size === 0) this.#of.delete(one.channel);
  }

  in(channel: LiveChannel): Participant[] {
    return [...(this.#of.get(channel) ?? nobody)];
  }
}
