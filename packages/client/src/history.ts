import type { HistoryResponse } from '@parley/contract/messages';
import { Refusal } from '@parley/runtime/refusal';
import { type ConversationEvent, type EntryEvent, entryEvent, type GapEvent } from './events.js';

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

/** Asks for the page that follows a seq. */
export type FetchAfter = (seq: number) => Promise<HistoryPage>;

function missing(from: number, to: number): GapEvent {
  return { type: 'gap', from, to, filled: false };
}

/** A gap, and what History still has of it; where that ends early, another gap says what is missing. */
export async function* fillGap(gap: GapEvent, log: string, fetchAfter: FetchAfter): AsyncGenerator<ConversationEvent> {
  let told = false;
  let next = gap.from;
  while (next <= gap.to) {
    const page = await fetchAfter(next - 1).catch(refused);
    if (page === undefined || page.log !== log) {
      yield missing(next, gap.to);
      return;
    }
    if (!told) yield { ...gap, filled: true };
    told = true;
    const entries = page.entries.filter(({ seq }) => seq >= next && seq <= gap.to);
    yield* entries;
    const last = page.entries.at(-1)?.seq ?? 0;
    if (!page.more || last < next) return;
    next = last + 1;
  }
}

function refused(thrown: unknown): undefined {
  if (!(thrown instanceof Refusal)) throw thrown;
}
