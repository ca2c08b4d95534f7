import { didYouMean, nearest } from './nearest.js';

const known = ['channels', 'create', 'chat', 'drill'];

test.each([
  ['chanels', 'channels'],
  ['CREATE', 'create'],
  ['caht', 'chat'],
  ['dril', 'drill'],
  ['chatt', 'chat'],
])('guesses that %s means %s', (word, meant) => {
  expect(nearest(word, known)).toBe(meant);
});

test.each(['x', 'shout', '', 'a-word-that-is-far-from-all'])('suggests no word for "%s"', (word) => {
  expect(nearest(word, known)).toBeUndefined();
});

test('asks "Did you mean" only if a known word is similar', () => {
  expect([didYouMean('kil', ['kill']), didYouMean('kil', [])]).toEqual([' Did you mean kill?', '']);
});
