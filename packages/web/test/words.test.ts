import { de } from '../src/words/de.js';
import { en } from '../src/words/en.js';
import { localeOf, preferredLanguage } from '../src/words/languages.js';
import { pluralsOf } from '../src/words/plurals.js';
import { listParts, speak, words, wordsLocale } from '../src/words/words.js';

test('the first preferred language that the page has is chosen', () => {
  expect(preferredLanguage(['fr-FR', 'de-AT', 'en'])).toBe('de');
  expect(preferredLanguage(['en-GB', 'de'])).toBe('en');
  expect(preferredLanguage(['fr', 'constructor'])).toBe('en');
  expect(preferredLanguage([])).toBe('en');
});

test('dates follow the variant of the language that the user prefers', () => {
  expect(localeOf('en', ['de-DE', 'en-GB', 'en-US'])).toBe('en-GB');
  expect(localeOf('de', ['en-GB'])).toBe('de');
});

test('a number is put into the form of its plural category', () => {
  const forms = { one: '# room', few: '# rooms (few)', other: '# rooms' };
  const english = pluralsOf('en');
  expect([0, 1, 2, 1_500].map((count) => english(count, forms))).toEqual([
    '0 rooms',
    '1 room',
    '2 rooms',
    '1,500 rooms',
  ]);
  expect(pluralsOf('de')(1_500, forms)).toBe('1.500 rooms');
  expect(pluralsOf('pl')(3, forms)).toBe('3 rooms (few)');
});

const listOf = (elements: readonly string[]) =>
  listParts(elements)
    .map(({ value }) => value)
    .join('');

test('the page speaks another language once its texts are loaded', async () => {
  expect(words()).toBe(en);
  await speak('de', ['de-AT']);
  expect(words()).toBe(de);
  expect(wordsLocale()).toBe('de-AT');
  expect(listOf(['Ann', 'Bob', 'Cy'])).toBe('Ann, Bob und Cy');
  await speak('en', ['en-GB']);
  expect(listOf(['Ann', 'Bob', 'Cy'])).toBe('Ann, Bob and Cy');
});
