import fc from 'fast-check';
import { type Block, blocksOf, type Inline, plainStart, withoutFormats } from '../src/state/markdown.js';

const plain = (text: string) => ({ type: 'text', text }) as const;
const line = (text: string): readonly Inline[] => {
  const [block] = blocksOf(text);
  return block?.type === 'paragraph' ? block.content : [];
};
const linkOf = (text: string) => line(text).find((part) => part.type === 'named-link');

/** Returns every text in the blocks that the reader sees. */
function shown(parts: readonly (Block | Inline)[]): string {
  return parts
    .map((part) => {
      if (part.type === 'quote') return shown(part.blocks);
      if (part.type === 'list') return part.items.map(({ number = '', blocks }) => number + shown(blocks)).join('');
      if (part.type === 'code' && 'language' in part) return part.language + part.text;
      return 'text' in part ? part.text : shown(part.content);
    })
    .join('');
}

test('formats bold, italics, strikethrough and code', () => {
  expect(line('a **b *c*** ~~d~~ `**e**`')).toEqual([
    plain('a '),
    { type: 'strong', content: [plain('b '), { type: 'em', content: [plain('c')] }] },
    plain(' '),
    { type: 's', content: [plain('d')] },
    plain(' '),
    { type: 'code', text: '**e**', content: [plain('**e**')] },
  ]);
  expect(line('snake_case_name and 2 * 3')).toEqual([plain('snake_case_name and 2 * 3')]);
  expect(shown(blocksOf('\\*stars\\*'))).toBe('*stars*');
});

test('formats code blocks, quotes and lists, with the numbers that were written', () => {
  expect(blocksOf('```ts\nlet a;\n\n  b();\n```')).toEqual([
    { type: 'code', language: 'ts', text: 'let a;\n\n  b();', content: [plain('let a;\n\n  b();')] },
  ]);
  expect(blocksOf('> a\n> b')).toEqual([{ type: 'quote', blocks: [{ type: 'paragraph', content: [plain('a\nb')] }] }]);
  const [list] = blocksOf('3. three\n7. seven\n   - inner');
  expect(list).toMatchObject({ type: 'list', isNumbered: true, items: [{ number: 3 }, { number: 7 }] });
  expect(blocksOf('- a\n- b')).toMatchObject([{ type: 'list', isNumbered: false, items: [{}, {}] }]);
});

test('keeps a message without formats unchanged', () => {
  for (const text of ['  a\n\n\n   b  c', '# no heading', '---', '<b>&amp;</b>', '![x](y.png', '| a | b |', 'a\\b'])
    expect(blocksOf(text)).toEqual([{ type: 'paragraph', content: [plain(text)] }]);
});

test('a link says which host it opens, unless its text is its address', () => {
  expect(linkOf('[my bank](https://evil.example/x)')).toMatchObject({ opens: 'evil.example' });
  expect(linkOf('[https://bank.example](https://evil.example)')).toMatchObject({ opens: 'evil.example' });
  expect(linkOf('[https://a.example/b](https://a.example/b)')).toMatchObject({ opens: undefined });
  expect(linkOf('[https://\u0430pple.com](https://\u0430pple.com)')).toMatchObject({ opens: 'xn--pple-43d.com' });
  expect(linkOf('[http://a.example\u2044x.b.cd](http://a.example\u2044x.b.cd)')).toMatchObject({
    opens: expect.stringMatching(/\.b\.cd$/),
  });
  expect(linkOf('[https://xn--pple-43d.com/](https://\u0430pple.com)')).toMatchObject({ opens: undefined });
  expect(linkOf('[write](mailto:ann@a.example)')).toMatchObject({ opens: 'ann@a.example' });
  expect(linkOf('[x](https://b\u00fccher.example)')).toMatchObject({ opens: 'xn--bcher-kva.example' });
  expect(linkOf('[a https://b.example c](https://a.example)')).toMatchObject({
    content: [plain('a https://b.example c')],
  });
});

test.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,x',
  'vbscript:x',
  'file:///etc/passwd',
  '//evil.example',
  '/path',
  '#chat-7',
  'https://bank.example@evil.example',
  'java&#10;script:alert(1)',
  'https:evil.example',
  '',
  ' "a title"',
])('does not link to %s', (address) => {
  const text = `[x](${address})`;
  expect(linkOf(text)).toBeUndefined();
  expect(shown(blocksOf(text))).toBe(text);
});

test('names hidden characters in formats and in code', () => {
  for (const text of ['**a\u202eb**', '`a\u202eb`', '```\na\u202eb\n```', '[a\u202eb](https://a.example)'])
    expect(JSON.stringify(blocksOf(text))).toContain('"type":"hidden","text":"U+202E"');
});

test('sets apart the marks that are too many for one letter', () => {
  expect(line(`a${'\u0301'.repeat(10_000)}b`)).toEqual([
    plain(`a${'\u0301'.repeat(16)}`),
    { type: 'marks', text: '\u0301'.repeat(9_984) },
    plain('b'),
  ]);
});

test('loses no letter of any message', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    ' ',
    '\n',
    '*',
    '**',
    '_',
    '~~',
    '`',
    '```\n',
    '> ',
    '- ',
    '1. ',
    '[',
    '](',
    ')',
  );
  const letters = (text: string) => text.replace(/[^ab]/g, '');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (parts) => {
      const text = parts.join('');
      expect(letters(shown(blocksOf(text)))).toBe(letters(text));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  '>',
  '> - ',
  '- ',
  '1. ',
  '*a ',
  '**a **',
  'a**b',
  '[',
  '[a](',
  '![[]()',
  '_a*b~~',
  '`',
  '\\',
  '```\n',
  '~',
])('shows all of a message that repeats %j, in bounded time', (part) => {
  const text = `x${part}`.repeat(3) + part.repeat(65_536 / part.length - 12);
  const begin = performance.now();
  const all = blocksOf(text);
  expect(performance.now() - begin).toBeLessThan(10_000); // A parser that is not linear needs minutes.
  const count = (of: string) => of.split('x').length;
  expect(count(shown(all))).toBe(count(text));
  expect(JSON.stringify(all).split('"type"').length).toBeLessThan(5_000);
});

test('shows a message that is nested too deep as it was written', () => {
  const deep = `${'> '.repeat(30)}deep`;
  expect(blocksOf(deep)).toEqual([{ type: 'paragraph', content: [plain(deep)] }]);
  expect(blocksOf(`${'> '.repeat(5)}deep`)).toMatchObject([{ type: 'quote' }]);
});

test.each([
  ['**bold** and `x < y`', 'bold and x < y'],
  ['> quoted\n\nanswer', 'quoted answer'],
  ['1. one\n2. two', 'one two'],
  ['```js\nlet a = 1;\n```', 'let a = 1;'],
  ['[my bank](https://evil.example/x)', 'my bank'],
  ['a_b * c \u202ed', 'a_b * c d'],
  ['**cut off', '**cut off'],
  ['>', '>'],
])('%j is on a line elsewhere %j', (text, line) => {
  expect(withoutFormats(text)).toBe(line);
});

test('the start of a message on a line elsewhere ends with an ellipsis', () => {
  expect(plainStart(`**${'a'.repeat(20)}**`, 10)).toBe(`${'a'.repeat(10)}…`);
});
