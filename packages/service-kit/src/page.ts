import type { Page } from '@parley/contract';
import { limits, refuse } from '@parley/runtime';

const memberToken = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Returns the page size; 0 requests the maximum.
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
  if (after !== '' && !memberToken.test(after)) throw refuse('invalid-page');
  return after;
}
