/**
 * Distributes items over at most `steps` steps, in order, so that all steps have about the same
 * weight. The first item goes into the first step. Steps may be empty.
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
