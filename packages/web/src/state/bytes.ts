const encoder = new TextEncoder();

/** Returns the length of a text in bytes of UTF-8. */
export function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

/**
 * Returns the number of bytes by which a text exceeds a limit. Returns 0 if the text fits or the
 * limit is unknown.
 */
export function bytesOver(text: string, most: number | undefined): number {
  if (most === undefined || text.length * 3 <= most) return 0;
  return Math.max(0, bytesOf(text) - most);
}
