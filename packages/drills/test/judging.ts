import { checkHistory, type FaultKind, type RecordedHistory } from '@parley/testkit';
import type { CatalogEntry } from '../src/catalog.js';

/** Returns a drill that allows any time without service, because a busy machine can stretch it. */
export function unbounded(drill: CatalogEntry): CatalogEntry {
  const backWithinMs = Number.POSITIVE_INFINITY;
  return { ...drill, disturbances: drill.disturbances.map((one) => ({ ...one, backWithinMs })) };
}

/** Returns the kinds of faults that the checker finds after a change to the first history. */
export function kindsAfter([first]: readonly RecordedHistory[], plant: (history: RecordedHistory) => RecordedHistory) {
  const kinds = checkHistory(plant(first as RecordedHistory)).map(({ kind }) => kind);
  return [...new Set<FaultKind>(kinds)];
}
