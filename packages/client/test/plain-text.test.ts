import { plainLine, plainText, plainValue } from '../src/cli/plain-text.js';

const esc = '\u001b';

test.each([
  ['a colour', `${esc}[31mred${esc}[0m`, 'red'],
  ['a window title', `${esc}]0;owned\u0007x`, 'x'],
  ['a cursor move by C1', 'a\u009b2Jb', 'ab'],
  ['carriage return and backspace', 'ann: hi\rbob\b\b', 'ann: hibob'],
  ['right-to-left override', 'abc\u202edef', 'abcdef'],
  ['a zero-width space', 'a\u200bdmin', 'admin'],
  ['an escape without an end', `${esc}`, ''],
])('%s does not reach the terminal', (_what, text, safe) => {
  expect(plainText(text)).toBe(safe);
});

test('ordinary text of any language stays, and so do lines and tabs', () => {
  const text = 'Grüße, 你好, שלום, 👩‍👩‍👧\n\tsecond';
  expect(plainText(text)).toBe(text);
});

test('a line stays one line, so nobody writes one in the name of another', () => {
  expect(plainLine('hi\n12:00:00 bob: pay me')).toBe('hi ⏎ 12:00:00 bob: pay me');
});

test('every string within a value is made harmless', () => {
  expect(plainValue({ a: [`${esc}[2J1`, 2, null], b: { c: '\u0007' } })).toEqual({
    a: ['1', 2, null],
    b: { c: '' },
  });
});
