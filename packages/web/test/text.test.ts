import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { type Piece, piecesOf, plainLine, slicesOf, startOf } from '../src/state/text.js';
import { Shown } from '../src/ui/admin/shown.js';

const hidden = (text: string): Piece => ({ type: 'hidden', text });
const plain = (text: string): Piece => ({ type: 'text', text });
const linksOf = (text: string) => piecesOf(text).flatMap((piece) => (piece.type === 'link' ? [piece.text] : []));

test('the admin page splits a long text, too, so that a reported message cannot freeze it', () => {
  const html = renderToStaticMarkup(createElement(Shown, { text: '\u0628'.repeat(5_000) }));
  expect(html.split('<wbr/>')).toHaveLength(5);
});

test('keeps HTML as text', () => {
  const text = '<img src=x onerror=alert(1)> & <script>';
  expect(piecesOf(text)).toEqual([plain(text)]);
});

test('shows the names of characters that reorder text or are invisible', () => {
  expect(piecesOf('a\u202etxt.exe')).toEqual([plain('a'), hidden('U+202E'), plain('txt.exe')]);
  for (const character of [
    '\u0000',
    '\u001b',
    '\u0085',
    '\u200b',
    '\u200f',
    '\u2066',
    '\u2028',
    '\ufeff',
    '\u00ad',
    '\u{e0041}',
  ])
    expect(piecesOf(`a${character}b`)[1]?.type).toBe('hidden');
  expect(piecesOf('a\tb\nc')).toEqual([plain('a\tb\nc')]);
});

test.each([
  ['a family', '👩‍👩‍👧'],
  ['a heart', '❤️'],
  ['a skin', '👍🏽'],
  ['a flag with a sign', '🏳️‍⚧️'],
  ['the flag of England', '\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}'],
  ['the flag of Scotland', '\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'],
  ['Persian', 'می\u200cخواهم'],
  ['heh, joined to nothing', 'ه\u200d'],
  ['heh, joined from nothing', '\u200dه'],
  ['heh in brackets', '(ه\u200d)'],
  ['Hindi', 'क्\u200d और क्\u200c'],
  ['Sinhala', 'ශ්\u200dරී'],
  ['Khmer', 'ភាសា\u200bខ្មែរ'],
  ['Thai', 'ภาษา\u200bไทย'],
  ['Mongolian', 'ᠬᠠᠷ\u180eᠠ'],
  ['Hebrew with two marks', '\u05d0\u05b8\u034f\u05b7'],
  ['old Korean', '\u115f\u1161'],
])('shows %s unchanged', (_, text) => expect(piecesOf(text)).toEqual([plain(text)]));

test.each([
  ['a \u200d', 'U+200D'],
  ['x\ufe0f\ufe0f', 'U+FE0F'],
  ['pay\u200dpal', 'U+200D'],
  ['го\u200cра', 'U+200C'],
  ['می\u200c\u200cخ', 'U+200C'],
  ['a\u200bb', 'U+200B'],
  ['ไทย\u200b\u200bไทย', 'U+200B'],
  ['\u{1f3f4}\u{e0067}\u{e0062}', 'U+E0067'],
  ['\u{1f3f4}\u{e0068}\u{e0065}\u{e006c}\u{e006c}\u{e006f}\u{e0068}\u{e0065}\u{e007f}', 'U+E0068'],
  ['👍\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}', 'U+E0067'],
  ['a\u180eb', 'U+180E'],
  ['a\u3164b', 'U+3164'],
  ['\u115f\u1160', 'U+115F'],
  ['\u034f', 'U+034F'],
  ['م\u061c', 'U+061C'],
])('marks the hidden character in %j', (text, name) => {
  expect(piecesOf(text)).toContainEqual(hidden(name));
});

test.each([
  ['see https://example.org/a?b=1, or', ['https://example.org/a?b=1']],
  ['(https://en.example/x_(y))', ['https://en.example/x_(y)']],
  ['http://a.b/c).', ['http://a.b/c']],
  ['javascript:alert(1) data:text/html,x ftp://a.b', []],
  ['https://user:secret@bank.example', []],
  ['https://a.b/\u202ec', ['https://a.b/']],
  ['https://', []],
  ['HTTPS://EXAMPLE.ORG', ['HTTPS://EXAMPLE.ORG']],
  ['Http://a.b/C', ['Http://a.b/C']],
  ['see www.example.org/a?b, or (WWW.Example.ORG).', ['www.example.org/a?b', 'WWW.Example.ORG']],
  ['awww.example.org ann@www.example.org a.www.example.org x-www.example.org', []],
  ['www.example www. www..org www.bank.example@evil.example www.\u0430pple.com', []],
  ['www.google.com\u2215login.evil.example', []],
  ['https://Example.ORG:443/A http://[::1]:80', ['https://Example.ORG:443/A', 'http://[::1]:80']],
])('finds in %s the links %j', (text, links) => {
  expect(linksOf(text)).toEqual(links);
});

test('a bare address leads to the same host by https', () => {
  expect(piecesOf('www.Example.org')).toEqual([
    { type: 'link', text: 'www.Example.org', href: 'https://www.example.org/' },
  ]);
});

test.each(['\u2215', '\u2044', '\u0338', '\u00b7', '\u01c3', '\u3002', '\uff0f'])(
  'does not link https://google.com%slogin.evil.example/x, which reads as another host',
  (like) => {
    expect(linksOf(`https://google.com${like}login.evil.example/x`)).toEqual([]);
  },
);

test.each(['https://\u0430pple.com', 'https://\uff47oogle.com', 'http://127.1', 'https://@bank.example'])(
  'does not link %s, which reads as another host',
  (text) => expect(linksOf(text)).toEqual([]),
);

test('handles a message full of links or hidden characters quickly', () => {
  const [links, hiddens] = [piecesOf('http://a.b '.repeat(6_000)), piecesOf('\u200b'.repeat(60_000))];
  expect(links.length).toBeLessThanOrEqual(401);
  expect(hiddens.length).toBe(200);
  const begin = performance.now();
  piecesOf(`http://a${')'.repeat(60_000)}`);
  piecesOf(`http://a${'.'.repeat(60_000)}`.repeat(3));
  expect(performance.now() - begin).toBeLessThan(5_000);
});

test('shows the start of a very long message first', () => {
  expect(startOf('a'.repeat(2_400))).toHaveLength(2_400);
  expect(startOf('a'.repeat(65_536))).toHaveLength(2_400);
  expect(startOf(`${'a'.repeat(2_399)}😀`)).toHaveLength(2_399);
  expect(startOf('line\n'.repeat(200)).split('\n')).toHaveLength(24);
});

test('shows less of a text that consists mostly of marks, but all of real text with many marks', () => {
  expect(startOf(`z${'\u0301'.repeat(16)}`.repeat(600))).toHaveLength(600);
  expect(startOf(`z${'\u0301'.repeat(2_000)}`)).toHaveLength(2_001); // All but 16 of them are only counted.
  for (const real of ['בְּרֵ֖אשִׁ֖ית ', 'བསྒྲུབས་', 'बृंहयन्ति ', 'ệ'.normalize('NFD')])
    expect(startOf(real.repeat(2_400))).toHaveLength(2_400);
});

test.each([
  ['words', 'some words ', /(?: |some|words)$/],
  ['Hindi', 'नमस्ते दुनिया ', /(?: |नमस्ते|दुनिया)$/],
  ['Thai', 'ภาษาไทยเป็นภาษาที่สวยงาม', /(?:ภาษา|ไทย|เป็น|ที่|สวยงาม)$/],
  ['emoji of several characters', '👩‍👩‍👧', /👧$/],
  ['letters with many marks', `z${'\u0301'.repeat(16)}`, /z\u0301{16}$/],
])('splits a long text of %s into slices between words or letters', (_, text, end) => {
  const slices = slicesOf(text.repeat(500));
  expect(slices.join('')).toBe(text.repeat(500));
  for (const slice of slices) expect(slice.length).toBeLessThanOrEqual(1_000);
  for (const slice of slices) expect(slice).toMatch(end);
});

test('splits a letter only if it is longer than a slice', () => {
  expect(slicesOf('short')).toEqual(['short']);
  expect(slicesOf('\u0301'.repeat(2_500)).map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
});

test('plainLine() puts a name on one line without hidden characters', () => {
  expect(plainLine('An\u202en\n\n  Bee')).toBe('Ann Bee');
});
