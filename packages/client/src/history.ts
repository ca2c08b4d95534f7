import type { HistoryResponse } from '@parley/contract';
import { type EntryEvent, entryEvent } from './events.js';

/** A page of what was said, folded: edits, deletions and reactions are in the messages. */
export interface HistoryPage {
  /** The log that the seqs are of. */
  readonly log: string;
  readonly entries: readonly EntryEvent[];
  /** There is another page in the same direction. */
  readonly more: boolean;
}

/** The answer of History as events. */
export function pageOf({ log, messages, more }: HistoryResponse): HistoryPage {
  return { log, more, entries: messages.map(entryEvent).filter((event) => event !== undefined) };
}
