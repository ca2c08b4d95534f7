import { Welcome } from '@parley/contract';
import { type Refusal, refuse } from '@parley/runtime/refusal';
import type { Reason } from '@parley/runtime/refusals';
import type { LogPosition } from './core/bookmark.js';
import type { GapEvent } from './events.js';
import type { HistoryPage } from './history.js';

/** Reasons that a user gets after a removal. */
const removals: ReadonlySet<Reason> = new Set(['removed', 'banned', 'not-a-member', 'channel-not-found']);

/** Reasons of `removals` that a user who was never a member also gets. */
const unclear: ReadonlySet<Reason> = new Set(['not-a-member', 'channel-not-found']);

/** The end of a conversation. */
export interface Farewell {
  readonly refusal: Refusal | undefined;
  /** The entries up to a removal that did not arrive, and the position after them. */
  readonly missed?: GapEvent | undefined;
  readonly place?: LogPosition;
  /** Replaces the welcome that a removed user did not get. It has only the ids, and the end of the log. */
  readonly welcome?: Welcome;
}

/**
 * Returns the end of a conversation that has read up to `place`. The last entry that a user may
 * read after a removal is the removal itself, so it distinguishes a removal from a deleted channel.
 */
export async function farewellOf(
  refusal: Refusal | undefined,
  place: LogPosition | undefined,
  { channelId, history }: { channelId: number; history: (range: { readonly size: number }) => Promise<HistoryPage> },
): Promise<Farewell> {
  if (refusal === undefined || place === undefined || !removals.has(refusal.reason)) return { refusal };
  const page = await history({ size: 1 }).catch(() => undefined);
  const [last] = page?.entries ?? [];
  if (last === undefined || page?.log !== place.log) return { refusal };
  const { seq } = last;
  const missed: GapEvent | undefined =
    seq > place.seq ? { type: 'gap', from: place.seq + 1, to: seq, filled: false } : undefined;
  const end = { missed, place: { log: place.log, seq: Math.max(seq, place.seq) } };
  if (last.type !== 'member' || last.joined) return { refusal, ...end };
  const me = { id: last.userId, name: last.userId };
  return {
    ...end,
    refusal: unclear.has(refusal.reason) ? refuse('removed') : refusal,
    welcome: Welcome.fromPartial({ channel: { id: channelId }, me, log: place.log, lastSeq: seq }),
  };
}
