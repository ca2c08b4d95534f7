import type { Conversation } from '@parley/client';
import { retentionFrom, retentionWords } from '../src/retention.js';
import { helpFor, typed } from '../src/typed-line.js';

function called(line: string): unknown[] {
  const calls: unknown[] = [];
  const record =
    (name: string) =>
    (...args: unknown[]) =>
      calls.push([name, ...args]);
  const names = ['send', 'edit', 'remove', 'react', 'unreact', 'pin', 'unpin'];
  const conversation = Object.fromEntries(names.map((name) => [name, record(name)]));
  const wish = typed(line, true);
  if (wish?.do === 'send') wish.act(conversation as unknown as Conversation, (words) => calls.push(words));
  return calls;
}

test.each([
  ['hi /there', ['send', 'hi /there', {}]],
  ['//shrug', ['send', '/shrug', {}]],
  ['@bob and @ann.b: look, @bob.', ['send', '@bob and @ann.b: look, @bob.', { mentions: ['bob', 'ann.b'] }]],
  ['to me@home, @@bob, @, @-x', ['send', 'to me@home, @@bob, @, @-x', {}]],
  ['/reply 7 yes @bob', ['send', 'yes @bob', { replyTo: 7, mentions: ['bob'] }]],
  ['/edit 7 new words', ['edit', 7, 'new words']],
  ['/reply #7 yes', ['send', 'yes', { replyTo: 7 }]],
  ['/react 7 👍', ['react', 7, '👍']],
  ['/delete 7', ['remove', 7]],
  ['/unreact 7 👍', ['unreact', 7, '👍']],
  ['/pin 7', ['pin', 7]],
  ['/unpin 7', ['unpin', 7]],
])('%s', (line, call) => {
  expect(called(line)).toEqual([call]);
});

test.each([
  ['/edit 7', 'usage: /edit SEQ text'],
  ['/edit x y', 'usage: /edit SEQ text'],
  ['/delete 7 please', 'usage: /delete SEQ'],
  ['/react 7  ', 'usage: /react SEQ emoji'],
  ['/nick bob', 'not sent: unknown command /nick; /help lists the commands; to send a text with a leading /, type //'],
  ['/', 'not sent: unknown command /; /help lists the commands; to send a text with a leading /, type //'],
  [
    '/raect 7 x',
    'not sent: unknown command /raect; did you mean /react?; /help lists the commands; to send a text with a leading /, type //',
  ],
  [
    '/toString 7',
    'not sent: unknown command /toString; /help lists the commands; to send a text with a leading /, type //',
  ],
])('explains what is wrong with %s', (line, words) => {
  expect(typed(line, true)).toEqual({ do: 'explain', words });
});

test('without history, help omits commands that change messages, and these commands explain why they fail', () => {
  expect(typed('/help ', false)).toEqual({ do: 'help' });
  expect(typed('/commands', false)).toEqual({ do: 'commands' });
  expect(helpFor(false).match(/^ {2}\/\/?\w+/gm)).toEqual(['  /reply', '  /who', '  /quit', '  /commands', '  //text']);
  const all = ['reply', 'edit', 'delete', 'react', 'unreact', 'pin', 'unpin', 'who', 'quit'].map((one) => `  /${one}`);
  expect(helpFor(true).match(/^ {2}\/\/?\w+/gm)).toEqual([...all, '  /commands', '  //text']);
  for (const line of ['/edit 7 x', '/delete 7', '/react 7 x', '/pin 7', '/unpin 7', '/unreact 7 x']) {
    expect(typed(line, false)).toMatchObject({
      do: 'explain',
      words: expect.stringContaining('the history of this channel is off'),
    });
  }
  expect(typed('/reply 7 x', false)).toMatchObject({ do: 'send' });
});

test('help says why the numbers of messages skip in a channel with history', () => {
  expect([true, false].map((hasHistory) => helpFor(hasHistory).includes('Numbers may skip'))).toEqual([true, false]);
});

test('help has one command per line, and fits into 80 columns', () => {
  for (const hasHistory of [true, false]) {
    const tooLong = helpFor(hasHistory)
      .split('\n')
      .filter((line) => line.length >= 80);
    expect(tooLong).toEqual([]);
    expect(helpFor(hasHistory)).toContain('\n  /reply SEQ text      replies to that message\n');
  }
});

test('ignores a blank line', () => {
  expect(['', '  '].map((line) => typed(line, true))).toEqual([undefined, undefined]);
});

test.each([
  ['forever', { everything: true }],
  ['nothing', { nothing: true }],
  ['7d', { seconds: 604_800 }],
  ['90m', { seconds: 5_400 }],
])('parses --retention %s', (text, retention) => {
  expect(retentionFrom(text)).toEqual(retention);
});

test.each(['', '0d', '7', 'd', '7y', '-1d', '99999w', '1.5h'])('rejects --retention %s', (text) => {
  expect(() => retentionFrom(text)).toThrow('--retention takes');
});

test('formats a retention', () => {
  const seconds = [0, 604_800, 86_400, 5_400, 61];
  expect([undefined, { everything: true }].map(retentionWords)).toEqual(['nothing', 'forever']);
  expect(seconds.map((one) => retentionWords({ seconds: one }))).toEqual(['nothing', '7d', '1d', '90m', '61s']);
});
