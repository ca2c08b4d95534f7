import { excerptOf, highlightsOf } from '../src/state/highlights.js';

const hits = (text: string, query: string) =>
  highlightsOf(text, query).flatMap((part) => (part.isHit ? [part.text] : []));

test.each([
  ['Lunch at noon? No lunch.', 'lunch', ['Lunch', 'lunch']],
  ['Café CAFE cafés', '"cafe"', ['Café', 'CAFE']],
  ['meeting at three', 'meet', ['meet']],
  ['meeting at three', '"meet"', []],
  ['meeting at three', 'meet three', ['three']],
  ['an answer', 'an', ['an']],
  ['concat cat', 'cat', ['cat']],
  ['上海天气很好', '天气', ['天气']],
  ['ＡＢＣ', 'abc', ['ＡＢＣ']],
  ['nothing', '', []],
  ['a+b', '((', []],
])('finds in %j for %j the words %j', (text, query, words) => {
  expect(hits(text, query)).toEqual(words);
  expect(
    highlightsOf(text, query)
      .map((part) => part.text)
      .join(''),
  ).toBe(text);
});

test('an excerpt shows the first hit of a long message on one line', () => {
  const text = `${'before '.repeat(100)}\nneedle\u202e ${'after '.repeat(100)}`;
  const parts = excerptOf(text, 'needle');
  const all = parts.map((part) => part.text).join('');
  expect(parts.filter(({ isHit }) => isHit)).toEqual([{ text: 'needle', isHit: true }]);
  expect(all).toMatch(/^….*needle after.*…$/);
  expect(all.length).toBeLessThan(300);
  expect(excerptOf('short', 'short')).toEqual([{ text: 'short', isHit: true }]);
});

test('highlights a message of 64 KB in bounded time', () => {
  const begin = performance.now();
  highlightsOf('a'.repeat(65_536), 'a a a a');
  highlightsOf('a '.repeat(32_768), 'a');
  expect(performance.now() - begin).toBeLessThan(5_000);
});
