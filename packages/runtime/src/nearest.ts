/** Returns the number of inserted, deleted, replaced or swapped characters between two words. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (last[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const swaps = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swapped = swaps ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min((last[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1, replaced, swapped));
    }
    [beforeLast, last] = [last, next];
  }
  return last[b.length] ?? 0;
}

const longestWord = 100;

/**
 * Returns the known word that a misspelt word probably means, ignoring case, or undefined. At most
 * a third of the characters may differ.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = word.slice(0, longestWord).toLowerCase();
  const scored = known.map((one) => ({ one, distance: editDistance(wanted, one.toLowerCase()) }));
  const [best] = scored.toSorted((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.ceil(wanted.length / 3) ? best.one : undefined;
}

/** Returns ` Did you mean x?` for a misspelt word, or an empty text if no known word is similar. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === undefined ? '' : ` Did you mean ${meant}?`;
}
