/**
 * Deals items out over so many steps, in their order, so that every step gets about the same weight; the first begins the
 * first. A step may be empty, and there may be fewer than `steps`.
 */
export function spread<T>(items: readonly T[], weightOf: (item: T) => number, steps: number): T[][] {
  const total = items.reduce((sum, item) => sum + weightOf(item), 0);
  const dealt: T[][] = [];
  let before = 0;
  for (const item of items) {
    const step = Math.min(steps - 1, Math.floor((before / Math.max(total, 1)) * steps));
    while (dealt.length <= step) dealt.push([]);
    dealt[step]?.push(item);
    before += weightOf(item);
  }
  return dealt;
}
