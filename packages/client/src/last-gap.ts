import type { Refusal } from '@parley/runtime/refusal';
import type { Reason } from '@parley/runtime/refusals';
import type { LogPosition } from './core/bookmark.js';
import type { GapEvent } from './events.js';
import type { HistoryPage } from './history.js';

/** Reasons that a user gets after a removal. */
const removals: ReadonlySet<Reason> = new Set(['removed', 'banned', 'not-a-member', 'channel-not-found']);

/**
 * Returns the gap between `place` and the entry that removed the user, the last entry that the user
 * may read. Returns an empty list if nothing is missing.
 */
export async function lastGap(
  ended: Refusal | undefined,
  place: LogPosition | undefined,
  history: (range: { readonly size: number }) => Promise<HistoryPage>,
): Promise<GapEvent[]> {
  if (ended === undefined || place === undefined || !removals.has(ended.reason)) return [];
  const page = await history({ size: 1 }).catch(() => undefined);
  const to = page?.entries[0]?.seq ?? 0;
  if (page?.log !== place.log || to <= place.seq) return [];
  return [{ type: 'gap', from: place.seq + 1, to, filled: false }];
}
