import { displayName, isDisplayName, isPrintable } from './names.js';

test.each([
  ['decomposed letters', 'Cafe\u0301', 'Café'],
  ['a family', '👨‍👩‍👧‍👦', '👨‍👩‍👧‍👦'],
  ['a heart on fire, with its selector', '❤️‍🔥', '❤️‍🔥'],
  ['a skin tone before a joiner', '👩🏽‍💻', '👩🏽‍💻'],
  ['a rainbow flag', '🏳️‍🌈', '🏳️‍🌈'],
  ['the flag of England', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
  ['a keycap', '1️⃣', '1️⃣'],
  ['Persian with a zero width non-joiner', 'کتاب\u200cها', 'کتاب\u200cها'],
  ['an Arabic abbreviation', 'ه\u200d', 'ه\u200d'],
  ['Sinhala', 'ක්\u200dෂ', 'ක්\u200dෂ'],
  ['Devanagari', 'क्\u200cष', 'क्\u200cष'],
  ['Hebrew with points and accents', 'בְּרֵאשִׁ֖ית', 'בְּרֵאשִׁ֖ית'.normalize('NFC')],
  ['Tibetan', 'བསྒྲུབས', 'བསྒྲུབས'],
  ['Thai', 'ผู้ใหญ่', 'ผู้ใหญ่'],
  ['Vietnamese', 'Nguyễn', 'Nguyễn'],
  ['Hangul in separate letters', '\u1112\u1161\u11ab', '한'],
  ['a Japanese name with a variation selector', '葛\u{e0100}', '葛\u{e0100}'],
  ['65 characters that normalisation turns into 64', `e\u0301${'x'.repeat(63)}`, `é${'x'.repeat(63)}`],
])('accepts %s', (_what, text, name) => {
  expect(displayName(text)).toBe(name);
  expect(isDisplayName(name)).toBe(true);
});

test.each([
  ['an empty name', '', 'needs a visible character'],
  ['only spaces', ' \u3000', 'needs a visible character'],
  ['65 characters', 'x'.repeat(65), 'this one has 65'],
  ['a joiner in Latin letters', 'ad\u200dmin', 'U+200D'],
  ['a non-joiner in Cyrillic letters', 'и\u200cи', 'U+200C'],
  ['two joiners', 'کتاب\u200c\u200cها', 'U+200C'],
  ['a joiner at the end', 'joined\u200d', 'U+200D'],
  ['a joiner after an emoji', '😀\u200d', 'U+200D'],
  ['a selector after a letter', 'bob\ufe0f', 'U+FE0F'],
  ['a selector after a digit', 'bob1\ufe0f', 'U+FE0F'],
  ['emoji tags after a letter', 'bob\u{e0067}\u{e007f}', 'U+E0067'],
  ['a direction', '\u202eevil', 'U+202E'],
  ['a filler', 'a\u3164', 'U+3164'],
  ['NUL', 'nul\0', 'U+0000'],
  ['half of a surrogate pair', 'a\ud83d', 'U+D83D'],
  ['a musical symbol without ink', '\u{1d159}', 'U+1D159'],
  ['a Khitan filler', 'a\u{16fe4}', 'U+16FE4'],
  ['an accent alone', '\u0301', 'accents without a letter'],
  ['an accent after a space', 'a \u0301', 'accents without a letter'],
  ['sixty accents on one letter', `Z${'\u0301'.repeat(60)}`, 'more than 4'],
  ['a line break', 'a\nb', 'U+000A'],
])('rejects %s and says why', (_what, text, words) => {
  expect(() => displayName(text)).toThrow(words);
  expect(() => displayName(text)).toThrow(expect.objectContaining({ reason: 'invalid-name' }));
  expect(isDisplayName(text)).toBe(false);
});

test('rejects a name that is not normalised', () => {
  expect(isDisplayName('Cafe\u0301')).toBe(false);
});

test.each(['', 'two\nlines\tand a tab', 'Café', '👨‍👩‍👧 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'کتاب\u200cها'])(
  'accepts %j as a printable text',
  (text) => {
    expect(isPrintable(text)).toBe(true);
  },
);

test.each(['nul\0', '\u202eevil', 'a\u200bb', 'a\ud83d', 'ad\u200dmin', 'a\rb', '\u{e0041}'])(
  'rejects %j as a printable text',
  (text) => {
    expect(isPrintable(text)).toBe(false);
  },
);
