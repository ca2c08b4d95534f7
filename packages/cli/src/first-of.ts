/**
 * Fetches the first `size` items of a list. With `onMore` it looks whether there is another one, and
 * calls it if so.
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
