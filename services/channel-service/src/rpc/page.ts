import type { Page } from '@parley/contract';
import { limits, refuse } from '@parley/runtime';

const memberToken = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * How many entries a page has at most; 0 asks for as many as there may be.
 * @throws {Refusal} `invalid-page`.
 */
export function pageSize(asked: number): number {
  if (asked > limits.pageEntries) throw refuse('invalid-page');
  return asked === 0 ? limits.pageEntries : asked;
}

/**
 * The token of the page before, where pages go by user ids; empty: the first page.
 * @throws {Refusal} `invalid-page`.
 */
export function pageAfter(page: Page | undefined): string {
  const after = page?.after ?? '';
  if (after !== '' && !memberToken.test(after)) throw refuse('invalid-page');
  return after;
}

/** The longest beginning of `items` that fits into `bytes`, but at least one. */
export function fitting<T>(items: readonly T[], bytes: number, sizeOf: (item: T) => number): readonly T[] {
  let sum = 0;
  const over = items.findIndex((item) => {
    sum += sizeOf(item);
    return sum > bytes;
  });
  return over === -1 ? items : items.slice(0, Math.max(1, over));
}
