import type { Page } from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import { canBeUserId } from './user-id.js';

/**
 * Returns the page size; 0 requests the maximum.
 * @throws {Refusal} `invalid-page`.
 */
export function pageSize(asked: number): number {
  if (asked > limits.pageEntries) throw refuse('invalid-page');
  return asked === 0 ? limits.pageEntries : asked;
}

/**
 * Decodes a page token that is a user id; empty means the first page.
 * @throws {Refusal} `invalid-page`.
 */
export function pageAfter(page: Page | undefined): string {
  const after = page?.after ?? '';
  if (after !== '' && !canBeUserId(after)) throw refuse('invalid-page');
  return after;
}

/** Returns the longest prefix of `items` that fits into `bytes`, but at least one item. */
export function fitting<T>(items: readonly T[], bytes: number, sizeOf: (item: T) => number): readonly T[] {
  let sum = 0;
  const over = items.findIndex((item) => {
    sum += sizeOf(item);
    return sum > bytes;
  });
  return over === -1 ? items : items.slice(0, Math.max(1, over));
}
