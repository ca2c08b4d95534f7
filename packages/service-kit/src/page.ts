import type { Page } from '@parley/contract';
import { isUserId, limits, refuse } from '@parley/runtime';

/**
 * Returns the size of a page. `asked` 0 means the maximum.
 * @throws {Refusal} `invalid-page`.
 * @example
 * ```ts
 * import { pageSize } from '@parley/service-kit';
 *
 * pageSize(0); // 100
 * ```
 */
export function pageSize(asked: number): number {
  if (asked > limits.pageEntries) throw refuse('invalid-page');
  return asked === 0 ? limits.pageEntries : asked;
}

/**
 * Decodes a page token that is a user id; empty means the first page.
 * @throws {Refusal} `invalid-page`.
 * @example
 * ```ts
 * import { pageAfter } from '@parley/service-kit';
 *
 * pageAfter({ after: 'alice' }); // 'alice'
 * ```
 */
export function pageAfter(page: Pick<Page, 'after'> | undefined): string {
  const after = page?.after ?? '';
  if (after !== '' && !isUserId(after)) throw refuse('invalid-page');
  return after;
}

/**
 * Returns the token of the next page, or an empty text if this page is the last one. If there are
 * more rows, `found` has one row more than the page.
 * @example
 * ```ts
 * import { nextAfter } from '@parley/service-kit';
 *
 * nextAfter([{ id: 'ann' }, { id: 'bob' }], 1, ({ id }) => id); // 'ann'
 * ```
 */
export function nextAfter<Row>(found: readonly Row[], size: number, tokenOf: (last: Row) => string): string {
  const last = found[size - 1];
  return last !== undefined && found.length > size ? tokenOf(last) : '';
}
