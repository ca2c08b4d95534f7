import { textLength } from '../src/state/limits.js';
import { preferencesOf } from '../src/state/preferences.js';

const defaults = { theme: 'system', density: 'comfortable', language: undefined };

test.each([null, '', 'null', '[]', '7', '{', '{"theme":"pink","density":1,"language":"toString"}'])(
  'stored preferences that are absent, damaged or unknown become the defaults: %s',
  (stored) => expect(preferencesOf(stored)).toEqual(defaults),
);

test('stored preferences are read again', () => {
  const chosen = { theme: 'dark', density: 'compact', language: 'de' };
  expect(preferencesOf(JSON.stringify(chosen))).toEqual(chosen);
});

test('the length of a text counts characters and not UTF-16 units', () => {
  expect(textLength('🦊🦊🦊', 3)).toEqual({ count: 3, over: 0, isNear: true });
  expect(textLength('a'.repeat(70), 64)).toEqual({ count: 70, over: 6, isNear: true });
  expect(textLength('short', 64)).toEqual({ count: 5, over: 0, isNear: false });
});
