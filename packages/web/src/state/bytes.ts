const encoder = new TextEncoder();

/** Returns the length of a text in bytes of UTF-8. */
export function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

/** Returns by how many bytes a text exceeds a limit; 0 if it fits or the limit is unknown. */
export function bytesOver(text: string, most: number | undefined): number {
  if (most === undefined || text.length * 3 <= most) return 0;
  return Math.max(0, bytesOf(text) - most);
}
