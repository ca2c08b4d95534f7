/**
 * Fetches the first `size` items of a list. If `onMore` is given, looks for one more item and calls
 * `onMore` if there is one.
 */
export async function firstOf<T>(items: AsyncIterable<T>, size: number, onMore?: () => void): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) {
    if (found.length === size) {
      onMore?.();
      break;
    }
    found.push(item);
    if (found.length === size && onMore === undefined) break;
  }
  return found;
}
