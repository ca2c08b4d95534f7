import { keepOf, keepWords } from '../src/cli/keep.js';
import { typed } from '../src/cli/typed-line.js';
import type { Conversation } from '../src/conversation.js';

function called(line: string): unknown[] {
  const calls: unknown[] = [];
  const record =
    (name: string) =>
    (...args: unknown[]) =>
      calls.push([name, ...args]);
  const names = ['send', 'edit', 'remove', 'react', 'pin'];
  const conversation = Object.fromEntries(names.map((name) => [name, record(name)]));
  const wish = typed(line);
  if (wish?.do === 'send') wish.act(conversation as unknown as Conversation);
  return calls;
}

test.each([
  ['hi /there', ['send', 'hi /there']],
  ['//shrug', ['send', '/shrug']],
  ['/edit 7 new words', ['edit', 7, 'new words']],
  ['/reply #7 yes', ['send', 'yes', { replyTo: 7 }]],
  ['/react 7 👍', ['react', 7, '👍']],
  ['/delete 7', ['remove', 7]],
  ['/pin 7', ['pin', 7]],
])('%s', (line, call) => {
  expect(called(line)).toEqual([call]);
});

test.each(['/edit 7', '/edit x y', '/delete 7 please', '/dance', '/help', '/', '/react 7  '])(
  '%s shows the help',
  (line) => {
    expect(typed(line)).toEqual({ do: 'help' });
  },
);

test('a blank line is nothing', () => {
  expect(['', '  '].map(typed)).toEqual([undefined, undefined]);
});

test.each([
  ['forever', { everything: true }],
  ['nothing', { nothing: true }],
  ['7d', { seconds: 604_800 }],
  ['90m', { seconds: 5_400 }],
])('--keep %s', (text, keep) => {
  expect(keepOf(text)).toEqual(keep);
});

test.each(['', '0d', '7', 'd', '7y', '-1d', '99999w', '1.5h'])('--keep %s is wrong usage', (text) => {
  expect(() => keepOf(text)).toThrow('--keep is');
});

test('what is kept, in words', () => {
  const seconds = [0, 604_800, 86_400, 5_400, 61];
  expect([undefined, { everything: true }].map(keepWords)).toEqual(['nothing', 'forever']);
  expect(seconds.map((one) => keepWords({ seconds: one }))).toEqual(['nothing', '7d', '1d', '90m', '61s']);
});
