import { completed, completionAt } from '../src/state/completion.js';

const at = (text: string) => completionAt(text, text.length);

test.each([
  ['@', ''],
  ['hello @bo', 'bo'],
  ['(@Ann', 'Ann'],
  ['line\n@an.na-2', 'an.na-2'],
  ['@Ünal', 'Ünal'],
])('completes the person in %j', (text, word) => {
  expect(at(text)).toMatchObject({ kind: 'person', word, from: text.indexOf('@'), to: text.length });
});

test.each([
  ['so :smi', 'smi', false],
  [':+1', '+1', false],
  [':tada:', 'tada', true],
])('completes the emoji in %j', (text, word, isClosed) => {
  expect(at(text)).toMatchObject({ kind: 'emoji', word, isClosed, from: text.indexOf(':') });
});

test.each([
  ['/', ''],
  ['/ro', 'ro'],
  ['/Roll', 'Roll'],
  ['/roll@d', 'roll@d'],
])('completes the command in %j', (text, word) => {
  expect(at(text)).toMatchObject({ kind: 'command', word, from: 0, to: text.length });
});

test.each(['/roll ', ' /roll', 'a /roll', 'a\n/roll', '//', '/usr/bin', '/würfeln'])(
  'completes no command in %j',
  (text) => {
    expect(at(text)).toBeUndefined();
  },
);

test.each(['ann@example.org', 'a@b', '12:30', 'https://x', ':)', ': ', ':a', 'note:this', '@bob is', '::ab'])(
  'completes nothing in %j',
  (text) => {
    expect(at(text)).toBeUndefined();
  },
);

test('looks only before the caret, and puts one space after the word', () => {
  const text = 'dear @bo how are you';
  const there = completionAt(text, 8);
  expect(there).toMatchObject({ word: 'bo', from: 5, to: 8 });
  expect(completed(text, there ?? { from: 0, to: 0 }, '@bob')).toEqual({ text: 'dear @bob how are you', caret: 10 });
  expect(completed('@b', { from: 0, to: 2 }, '@bob')).toEqual({ text: '@bob ', caret: 5 });
});

test('a long text without spaces is looked at in linear time', () => {
  const began = performance.now();
  completionAt('a@'.repeat(30_000), 60_000);
  const once = performance.now() - began;
  const again = performance.now();
  completionAt('a@'.repeat(120_000), 240_000);
  expect(performance.now() - again).toBeLessThan(Math.max(50, once * 40));
});
