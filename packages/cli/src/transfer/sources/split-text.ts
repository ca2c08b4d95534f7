import { limits } from '@parley/runtime';

/** Splits a text into parts that fit into a message each, between two characters. */
export function splitText(text: string, maxBytes: number = limits.messageBytes): string[] {
  if (Buffer.byteLength(text) <= maxBytes) return [text];
  const parts: string[] = [];
  let [part, bytes] = ['', 0];
  for (const character of text) {
    const more = Buffer.byteLength(character);
    if (bytes + more > maxBytes) {
      parts.push(part);
      [part, bytes] = ['', 0];
    }
    part += character;
    bytes += more;
  }
  return [...parts, part];
}
