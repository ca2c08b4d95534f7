export { pageAfter, pageSize } from '@parley/service-kit';

/** Returns the longest prefix of `items` that fits into `bytes`, but at least one item. */
export function fitting<T>(items: readonly T[], bytes: number, sizeOf: (item: T) => number): readonly T[] {
  let sum = 0;
  const over = items.findIndex((item) => {
    sum += sizeOf(item);
    return sum > bytes;
  });
  return over === -1 ? items : items.slice(0, Math.max(1, over));
}
