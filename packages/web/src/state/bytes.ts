const encoder = new TextEncoder();

/** How many bytes of UTF-8 a text has. */
export function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

/** How many bytes a text is too long; 0 where it fits, or nobody has said how long it may be. */
export function bytesOver(text: string, most: number | undefined): number {
  if (most === undefined || text.length * 3 <= most) return 0;
  return Math.max(0, bytesOf(text) - most);
}
