import { stripVTControlCharacters } from 'node:util';

/** C0 but tab and newline, DEL, C1, and what reorders or hides text. */
const unprintable = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\u200b\u2060\ufeff]/gu;

/** What came over the network, harmless to a terminal: no escapes, no control or direction characters. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replace(unprintable, (character) =>
    character === '\n' || character === '\t' ? character : '',
  );
}

/** In a row they could fill one of the terminal, and what follows look like a line of its own: spaces, and letters that look like them. */
const spaces = /[\p{White_Space}\u2800\u3164\u115f\u1160\uffa0]{2,}/gu;

/** The same on one line, so that nobody can write a line in somebody else's name; several spaces are one. */
export function plainLine(text: string): string {
  return plainText(text).replaceAll('\n', ' ⏎ ').replaceAll('\t', ' ').replace(spaces, ' ');
}

/** A copy of a value with every string in it made harmless. */
export function plainValue(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value);
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plainValue(one)]));
}
