import type { UnaryCall } from '../transport.js';

/** Makes a call with the token of the session. Rejects with a Refusal or the signal's reason. */
export type Ask = <Q, S>(call: UnaryCall<Q, S>, request: Q, signal: AbortSignal | undefined) => Promise<S>;

/**
 * Options of a call that can be aborted. If the signal aborts, the call rejects with the signal's
 * reason.
 */
export interface Abortable {
  readonly signal?: AbortSignal;
}

/** One page of a list. */
export interface PageRange extends Abortable {
  /** Token of this page: `next` of the previous page. */
  readonly after?: string;
  /** Page size, 1 to 100. Default: 100. */
  readonly size?: number;
}

/** Options of a method that yields a whole list, page by page. */
export type ListOptions = Omit<PageRange, 'after'>;

/** A page of any list; `next` is empty on the last one. */
interface FetchedPage<Item> {
  readonly items: readonly Item[];
  readonly next: string;
}

/** Yields the items of all pages. Fetches each page only when the reader reaches it. */
export async function* allPages<Item>(
  fetch: (after: string) => Promise<FetchedPage<Item>>,
): AsyncGenerator<Item, void> {
  let after = '';
  do {
    const { items, next } = await fetch(after);
    yield* items;
    after = next;
  } while (after !== '');
}
