import { gemoji } from 'gemoji';
import { byCategory, matchingEmoji } from '../src/state/emoji.js';

const first = (text: string) => matchingEmoji(gemoji, text)[0]?.emoji;

test.each([
  ['tada', '🎉'],
  [':tada:', '🎉'],
  ['+1', '👍'],
  ['green heart', '💚'],
  ['Thumbsup', '👍'],
])('finds an emoji by its name, %s', (text, emoji) => {
  const all = matchingEmoji(gemoji, text).map((one) => one.emoji);
  expect(all.slice(0, 2)).toContain(emoji);
});

test('finds emoji by tags and parts of names, whole names before beginnings, and those before parts', () => {
  const names = (text: string) => matchingEmoji(gemoji, text).map(({ names: [name] }) => name);
  expect(names('heart')[0]).toBe('heart');
  expect(names('heart').indexOf('heart_eyes')).toBeLessThan(names('heart').indexOf('green_heart'));
  expect(names('launch')).toContain('rocket'); // a tag
  expect(first('no such emoji')).toBeUndefined();
});

test('an empty search finds all emoji, by category in their order', () => {
  expect(matchingEmoji(gemoji, ' ')).toHaveLength(gemoji.length);
  const groups = byCategory(gemoji);
  expect([...groups.keys()][0]).toBe('Smileys & Emotion');
  expect([...groups.values()].flat()).toHaveLength(gemoji.length);
});
