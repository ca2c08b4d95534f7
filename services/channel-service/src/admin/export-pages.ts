import type { Rate } from '@parley/database';

/** Rate of all exports of one operator. */
export const exportRate: Rate = { key: 'export', secondsPerCall: 60, burst: 10 };

/** Yields the pages that `read` returns, until one is not full. */
export async function* pages<R extends { readonly position: string }>(
  start: string,
  size: number,
  read: (after: string) => Promise<readonly R[]>,
): AsyncGenerator<readonly R[]> {
  for (let after = start; ; ) {
    const rows = await read(after);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    if (rows.length < size) return;
    after = last.position;
  }
}
