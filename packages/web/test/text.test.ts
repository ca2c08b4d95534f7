import { type Piece, piecesOf, plainLine } from '../src/state/text.js';

const hidden = (text: string): Piece => ({ type: 'hidden', text });
const plain = (text: string): Piece => ({ type: 'text', text });
const linksOf = (text: string) => piecesOf(text).flatMap((piece) => (piece.type === 'link' ? [piece.text] : []));

test('HTML is text like any other', () => {
  const text = '<img src=x onerror=alert(1)> & <script>';
  expect(piecesOf(text)).toEqual([plain(text)]);
});

test('what turns text around or cannot be seen is named', () => {
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

test('emoji and scripts keep their joiners; alone a joiner hides', () => {
  for (const text of ['👩‍👩‍👧', '❤️', '👍🏽', 'می\u200cخواهم']) expect(piecesOf(text)).toEqual([plain(text)]);
  expect(piecesOf('a \u200d')).toEqual([plain('a '), hidden('U+200D')]);
  expect(piecesOf('x\ufe0f\ufe0f')[1]).toEqual(hidden('U+FE0F'));
});

test.each([
  ['see https://example.org/a?b=1, or', ['https://example.org/a?b=1']],
  ['(https://en.example/x_(y))', ['https://en.example/x_(y)']],
  ['http://a.b/c).', ['http://a.b/c']],
  ['javascript:alert(1) data:text/html,x ftp://a.b', []],
  ['https://user:secret@bank.example', []],
  ['https://a.b/\u202ec', ['https://a.b/']],
  ['https://', []],
  ['https://Example.ORG:443/A http://[::1]:80', ['https://Example.ORG:443/A', 'http://[::1]:80']],
])('%s has the links %j', (text, links) => {
  expect(linksOf(text)).toEqual(links);
});

test.each(['\u2215', '\u2044', '\u0338', '\u00b7', '\u01c3', '\u3002', '\uff0f'])(
  'https://google.com%slogin.evil.example/x reads as another host, and is no link',
  (like) => {
    expect(linksOf(`https://google.com${like}login.evil.example/x`)).toEqual([]);
  },
);

test.each(['https://\u0430pple.com', 'https://\uff47oogle.com', 'http://127.1', 'https://@bank.example'])(
  '%s is not the host that it reads as',
  (text) => expect(linksOf(text)).toEqual([]),
);

test('a message that is all links or all hidden costs little', () => {
  const [links, hiddens] = [piecesOf('http://a.b '.repeat(6_000)), piecesOf('\u200b'.repeat(60_000))];
  expect(links.length).toBeLessThanOrEqual(401);
  expect(hiddens.length).toBe(200);
  const begin = performance.now();
  piecesOf(`http://a${')'.repeat(60_000)}`);
  piecesOf(`http://a${'.'.repeat(60_000)}`.repeat(3));
  expect(performance.now() - begin).toBeLessThan(1_000);
});

test('a name is on one line and hides nothing', () => {
  expect(plainLine('An\u202en\n\n  Bee')).toBe('Ann Bee');
});
