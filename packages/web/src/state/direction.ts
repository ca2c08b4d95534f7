/** Letters of scripts that are written from right to left. */
const rightToLeft =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

/**
 * Number of lines from which a field has one direction. With `dir="auto"`, Chromium takes 40 s to
 * lay out 30,000 lines.
 */
const manyLines = 500;

/** Returns the direction of the text in a field: that of each line, or of the first letter if there are many lines. */
export function directionOf(text: string): 'auto' | 'ltr' | 'rtl' {
  if (text.split('\n', manyLines).length < manyLines) return 'auto';
  const [letter = ''] = /\p{L}/u.exec(text) ?? [];
  return rightToLeft.test(letter) ? 'rtl' : 'ltr';
}
