import type { Page } from '@parley/contract';
import { refuse } from '@parley/runtime';

export { nextAfter, pageAfter, pageSize } from '@parley/service-kit';

const number = /^[1-9]\d{0,14}$/;

/**
 * Decodes a page token that is a number; null means the first page.
 * @throws {Refusal} `invalid-page`.
 */
export function pageNumber(page: Pick<Page, 'after'> | undefined): number | null {
  const after = page?.after ?? '';
  if (after === '') return null;
  if (!number.test(after)) throw refuse('invalid-page');
  return Number(after);
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
