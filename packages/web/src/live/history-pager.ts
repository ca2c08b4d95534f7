import { type EntryEvent, type HistoryPage, type ParleyClient, Refusal } from '@parley/client';

/** Parts of a conversation that a pager uses. */
export interface HistoryPagerDeps {
  readonly client: Pick<ParleyClient, 'history'>;
  readonly channelId: number;
  readonly signal: AbortSignal;
  readonly onRefused: (reason: string) => void;
}

/** Receives a page, and the changes that arrived while it was loading. */
export type OnPage = (page: HistoryPage, changes: readonly EntryEvent[]) => void;

/** Loads pages of the history of one channel, one at a time. */
export class HistoryPager {
  readonly #deps: HistoryPagerDeps;
  /** Changes that have arrived since the current page began to load. */
  #changes: EntryEvent[] | undefined;

  constructor(deps: HistoryPagerDeps) {
    this.#deps = deps;
  }

  /**
   * Records entries that arrive. If a page was read before they arrived, it lacks their changes.
   */
  note(entries: readonly EntryEvent[]): void {
    this.#changes?.push(...entries.filter((entry) => 'target' in entry));
  }

  /** Loads the next older page, unless a page is loading. Listeners of `onPage` may request another. */
  async older(range: { readonly before?: number; readonly size: number }, onPage: OnPage): Promise<void> {
    if (this.#changes === undefined) await this.#load(range, onPage);
  }

  /**
   * Loads the last page. Drops a page that is still loading, because it may not fit together with
   * the last page.
   */
  latest(size: number, onPage: OnPage): Promise<void> {
    return this.#load({ size }, onPage);
  }

  async #load(range: { readonly before?: number; readonly size: number }, onPage: OnPage): Promise<void> {
    const { client, channelId, signal, onRefused } = this.#deps;
    const changes: EntryEvent[] = [];
    this.#changes = changes;
    try {
      const page = await client.history(channelId, { ...range, signal });
      if (this.#changes !== changes) return;
      this.#changes = undefined;
      onPage(page, changes);
    } catch (thrown) {
      if (this.#changes === changes) this.#changes = undefined;
      if (thrown instanceof Refusal) onRefused(thrown.reason);
    }
  }
}
