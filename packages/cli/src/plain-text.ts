import { stripVTControlCharacters } from 'node:util';

/**
 * What a terminal obeys or does not show: C0 but tab and newline, DEL, C1, line and paragraph separators, and whatever reorders, hides or
 * takes no room, tag characters and the selectors beyond the common ones too. Joiners stay, as scripts and emoji need them; so do letters
 * that look like spaces, which `spaces` handles.
 */
const unprintable =
  /(?![\ufe00-\ufe0f\n\t\u115f\u1160\u3164\uffa0]|\u200c|\u200d)[\p{Cc}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\ufff9-\ufffb]/gu;

/** What came over the network, harmless to a terminal: no escapes, no control or direction characters. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replace(unprintable, '');
}

/** In a row they could fill one of the terminal, and what follows look like a line of its own: spaces, and letters that look like them. */
const spaces = /[\p{White_Space}\u2800\u3164\u115f\u1160\uffa0]{2,}/gu;

/** The same on one line, so that nobody can write a line in somebody else's name; several spaces are one. */
export function terminalLine(text: string): string {
  return plainText(text).replaceAll('\n', ' ⏎ ').replaceAll('\t', ' ').replace(spaces, ' ');
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}

/** A value as JSON on one line. What a terminal must not see is escaped, so that nothing of the value is lost. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value).replace(unprintable, escaped);
}
