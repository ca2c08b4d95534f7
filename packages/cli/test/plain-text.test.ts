import { plainJson, plainText, terminalLine } from '../src/plain-text.js';

const esc = '\u001b';

test.each([
  ['a colour', `${esc}[31mred${esc}[0m`, 'red'],
  ['a window title', `${esc}]0;owned\u0007x`, 'x'],
  ['a cursor move by C1', 'a\u009b2Jb', 'ab'],
  ['carriage return and backspace', 'ann: hi\rbob\b\b', 'ann: hibob'],
  ['right-to-left override', 'abc\u202edef', 'abcdef'],
  ['a zero-width space', 'a\u200bdmin', 'admin'],
  ['an escape without an end', `${esc}`, ''],
  ['text in tag characters', 'a\u{e0068}\u{e0069}\u{e007f}b', 'ab'],
  ['text in selectors', 'a\u{e0101}\u{e01ef}b', 'ab'],
  ['isolates, marks and embeddings', '\u2066a\u2069\u200e\u061cb\u202ac', 'abc'],
  ['characters without width', 'a\u00ad\u034f\u180e\u2062\u206ab\ufff9c', 'abc'],
])('removes %s', (_what, text, safe) => {
  expect(plainText(text)).toBe(safe);
});

test('keeps ordinary text of any language, lines and tabs', () => {
  const text = 'Grüße, 你好, שלום, 👩‍👩‍👧\n\tsecond';
  expect(plainText(text)).toBe(text);
});

test("keeps text on one line, so that nobody can fake another user's line", () => {
  expect(terminalLine('hi\n12:00:00 bob: pay me')).toBe('hi ⏎ 12:00:00 bob: pay me');
});

test.each([
  ['spaces', `hi${' '.repeat(300)}12:00:00 #9 bob: pay me`, 'hi 12:00:00 #9 bob: pay me'],
  ['tabs', `hi${'\t'.repeat(40)}bob: pay me`, 'hi bob: pay me'],
  ['wide and hard spaces', `hi${'\u3000\u00a0\u2003'.repeat(40)}bob: pay me`, 'hi bob: pay me'],
  ['invisible letters that are as wide as spaces', `hi${'\u2800\u3164'.repeat(40)}bob: pay me`, 'hi bob: pay me'],
  ['empty lines', `hi${' \n'.repeat(3)}x`, 'hi ⏎ ⏎ ⏎ x'],
])('shows a run of %s as one space, so that nobody can fill a row of the terminal with blanks', (_what, text, line) => {
  expect(terminalLine(text)).toBe(line);
});

test('keeps the indentation of pasted code, up to 16 spaces', () => {
  expect(terminalLine('def f():\n    if x:\n\treturn  1')).toBe('def f(): ⏎     if x: ⏎     return 1');
  expect(terminalLine(`a\n${' '.repeat(300)}bob: pay me`)).toBe(`a ⏎ ${' '.repeat(16)}bob: pay me`);
  expect(terminalLine(`a\n${'\u3000'.repeat(300)}bob: pay me`)).toBe('a ⏎ bob: pay me');
});

test('keeps a single space of any kind', () => {
  expect(terminalLine('a\u00a0b\u3000c d')).toBe('a\u00a0b\u3000c d');
});

test('JSON is safe for a terminal and loses nothing', () => {
  const value = { a: [`${esc}[2J1`, 2, null], b: { c: '\u0007\u009b\u202e\u{e0041}' }, '\u200b': 'Grüße 👩‍👩‍👧\n' };
  const line = plainJson(value);
  expect(line).toBe(
    String.raw`{"a":["\u001b[2J1",2,null],"b":{"c":"\u0007\u009b\u202e\udb40\udc41"},"\u200b":"Grüße 👩‍👩‍👧\n"}`,
  );
  expect(JSON.parse(line)).toEqual(value);
});
