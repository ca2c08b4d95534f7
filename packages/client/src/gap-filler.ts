import { Refusal } from '@parley/runtime/refusal';
import type { EntryEvent, GapEvent } from './events.js';
import type { HistoryPage } from './history.js';

/** Fetches at most `size` history entries after a seq, the oldest first. */
export type FetchAfter = (range: { readonly after: number; readonly size?: number }) => Promise<HistoryPage>;

/** Options of a GapFiller. */
export interface GapFillerOptions {
  readonly fetchAfter: FetchAfter;
  /**
   * Waits `ms` milliseconds before another attempt. Resolves with false if the conversation has
   * ended.
   */
  readonly pause: (ms: number) => Promise<boolean>;
}

const tries = 8;
const longestPauseMs = 5_000;

/** The verified part of one page: `entries` is exactly what the log holds from `from` to `to`. */
interface Proven {
  readonly from: number;
  readonly to: number;
  readonly entries: readonly EntryEvent[];
}

function gap(from: number, to: number, filled: boolean): GapEvent[] {
  return from > to ? [] : [{ type: 'gap', from, to, filled }];
}

/** Returns whether the seqs increase and all are at or after the requested one. */
function isForward({ entries, more }: HistoryPage, from: number): boolean {
  if (more && entries.length === 0) return false;
  return entries.every(({ seq }, at) => seq >= (at === 0 ? from : (entries[at - 1]?.seq ?? 0) + 1));
}

/**
 * Fills a gap from History. Each page yields its own gap event, and `filled` is true only if
 * nothing in its range is missing. History folds edits, deletions and reactions into the messages,
 * so a seq without an entry is either one of those or was removed by retention.
 */
export class GapFiller {
  readonly #options: GapFillerOptions;

  constructor(options: GapFillerOptions) {
    this.#options = options;
  }

  /** Yields the entries of a gap of the log `log`, each page after its gap event. */
  async *fill({ from, to }: GapEvent, log: string): AsyncGenerator<EntryEvent | GapEvent> {
    let next = from;
    while (next <= to) {
      const proven = await this.#page(next, to, log);
      if (proven === undefined) break;
      yield* gap(next, proven.from - 1, false);
      yield* gap(proven.from, proven.to, true);
      yield* proven.entries;
      next = Math.max(proven.from, proven.to + 1);
    }
    yield* gap(next, to, false);
  }

  /**
   * Fetches one page. Returns undefined if History fails, or holds nothing after the requested seq.
   */
  async #page(from: number, to: number, log: string): Promise<Proven | undefined> {
    const page = await this.#fetch({ after: from - 1 });
    if (page?.log !== log || !isForward(page, from)) return undefined;
    const begins = page.entries[0]?.seq === from ? from : await this.#firstKept(log);
    if (begins === undefined || begins > to) return undefined;
    const first = Math.max(from, begins);
    const last = page.more ? (page.entries.at(-1)?.seq ?? to) : to;
    const entries = page.entries.filter(({ seq }) => seq >= first && seq <= to);
    return { from: first, to: Math.min(last, to), entries };
  }

  /**
   * Returns the first stored seq. Call this after reading a page: only then is it certain that
   * retention has removed nothing of that page.
   */
  async #firstKept(log: string): Promise<number | undefined> {
    const page = await this.#fetch({ after: 0, size: 1 });
    return page?.log === log ? page.entries[0]?.seq : undefined;
  }

  async #fetch(range: Parameters<FetchAfter>[0]): Promise<HistoryPage | undefined> {
    for (let left = tries; ; left--) {
      try {
        return await this.#options.fetchAfter(range);
      } catch (thrown) {
        if (!(thrown instanceof Refusal)) throw thrown;
        const again = thrown.retryAfterMs > 0 && left > 1;
        if (!again || !(await this.#options.pause(Math.min(thrown.retryAfterMs, longestPauseMs)))) return undefined;
      }
    }
  }
}
