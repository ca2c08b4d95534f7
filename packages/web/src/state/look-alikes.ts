/**
 * Characters that look like a Latin letter, by that letter: digits, and lower-case letters of other
 * scripts that resemble it in small or capital form. They are a part of Unicode's confusables. `i`
 * and `l` count as one letter, because a capital `I` looks like `l`.
 */
const alike: Readonly<Record<string, string>> = {
  a: '\u0430\u03b1\u0251', // Cyrillic a, Greek alpha, Latin alpha
  b: '\u0432\u03b2\u042c', // Cyrillic ve, Greek beta, soft sign
  c: '\u0441\u03f2\u1d04',
  d: '\u0501',
  e: '\u0435\u03b5\u212e',
  g: '\u0261\u050d',
  h: '\u043d\u04bb\u0570',
  j: '\u0458\u03f3',
  k: '\u043a\u03ba',
  l: 'i1|\u0131\u0456\u03b9\u04cf\u01c0\u05d5\u0627\u217c',
  m: '\u043c\u03bc',
  n: '\u03b7\u0578',
  o: '0\u043e\u03bf\u0585\u05e1',
  p: '\u0440\u03c1',
  q: '\u051b\u0566',
  s: '\u0455\ua731',
  t: '\u0442\u03c4',
  u: '\u03c5\u057d',
  v: '\u03bd\u0475',
  w: '\u051d\u0461',
  x: '\u0445\u03c7\u00d7',
  y: '\u0443\u04af\u03b3',
  z: '\u03b6\u1d22',
};

const letters = new Map(Object.entries(alike).flatMap(([latin, others]) => [...others].map((one) => [one, latin])));

/**
 * Returns a name as it looks at a glance: its letters and digits without accents, with all letters
 * that look alike replaced by one of them. Two names with the same result can be mistaken for each
 * other.
 */
export function glanceOf(name: string): string {
  const plain = name.normalize('NFKD').toLowerCase();
  const kept = plain.replace(/[^\p{L}\p{N}|]/gu, '');
  const seen = kept === '' ? plain.trim() : kept;
  return [...seen]
    .map((letter) => letters.get(letter) ?? letter)
    .join('')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');
}
