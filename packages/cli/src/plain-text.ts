import { stripVTControlCharacters } from 'node:util';

/**
 * Matches characters that control a terminal or are invisible. These are C0 except tab and newline,
 * DEL, C1, line and paragraph separators, and all characters that reorder text, hide it or have no
 * width, including tag characters and unusual variation selectors. Joiners do not match, because
 * scripts and emoji need them. Letters that look like spaces do not match either; `spaces` handles
 * them.
 */
const unprintable =
  /(?![\ufe00-\ufe0f\n\t\u115f\u1160\u3164\uffa0]|\u200c|\u200d)[\p{Cc}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\ufff9-\ufffb]/gu;

/**
 * Makes text from the network safe for a terminal: no escapes, no control or direction characters.
 */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replace(unprintable, '');
}

/**
 * Matches runs of spaces and of letters that look like spaces. A long run could fill a row, so that
 * the text after it looks like a separate line.
 */
const spaces = /[\p{White_Space}\u2800\u3164\u115f\u1160\uffa0]{2,}/gu;

/** Longest indentation that is shown unchanged, in spaces. It is far shorter than a row. */
const indentSpaces = 16;

/**
 * Returns the replacement for a run of spaces: for the indentation of a line after the first, at
 * most `indentSpaces` of it, with four spaces for a tab; for any other run, one space.
 */
function shownSpaces(run: string, at: number, text: string): string {
  const isIndentation = text[at - 1] === '⏎' && text[at + run.length] !== '⏎' && /^[ \t]+$/.test(run);
  return isIndentation ? ` ${run.slice(1).replaceAll('\t', '    ').slice(0, indentSpaces)}` : ' ';
}

/**
 * Makes text safe and puts it on one line, so that nobody can fake a line of another user. A run of
 * spaces becomes one space. The indentation of later lines stays, so that code can be copied.
 */
export function terminalLine(text: string): string {
  return plainText(text).replaceAll('\n', ' ⏎ ').replace(spaces, shownSpaces).replaceAll('\t', ' ');
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}

/** Formats a value as JSON on one line. Unsafe characters are escaped, so nothing is lost. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value).replace(unprintable, escaped);
}

/** Returns a number and its noun, for example `1 file` or `2 files`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
