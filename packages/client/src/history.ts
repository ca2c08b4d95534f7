import type { HistoryResponse } from '@parley/contract';
import { type EntryEvent, entryEvent } from './events.js';

/** A page of history. Edits, deletions and reactions are folded into the messages. */
export interface HistoryPage {
  /** The log that the seqs belong to. */
  readonly log: string;
  /** Newest first, or oldest first if `after` was given. */
  readonly entries: readonly EntryEvent[];
  /** Whether there is another page in the same direction. */
  readonly more: boolean;
}

/** Converts a History response. */
export function pageOf({ log, messages, more }: HistoryResponse): HistoryPage {
  return { log, more, entries: messages.map(entryEvent).filter((event) => event !== undefined) };
}
