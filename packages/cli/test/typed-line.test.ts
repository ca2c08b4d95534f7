import type { Conversation } from '@parley/client';
import { retentionFrom, retentionWords } from '../src/keep.js';
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
  ['/unreact 7 👍', ['unreact', 7, '👍']],
  ['/pin 7', ['pin', 7]],
  ['/unpin 7', ['unpin', 7]],
])('%s', (line, call) => {
  expect(called(line)).toEqual([call]);
});

test.each([
  ['/edit 7', 'the command is /edit SEQ text'],
  ['/edit x y', 'the command is /edit SEQ text'],
  ['/delete 7 please', 'the command is /delete SEQ'],
  ['/react 7  ', 'the command is /react SEQ emoji'],
  ['/nick bob', 'not sent: unknown command /nick; /help lists all, // begins a message with a /'],
  ['/', 'not sent: unknown command /; /help lists all, // begins a message with a /'],
  ['/toString 7', 'not sent: unknown command /toString; /help lists all, // begins a message with a /'],
])('%s is answered with what is wrong', (line, words) => {
  expect(typed(line, true)).toEqual({ do: 'explain', words });
});

test('where nothing is kept, help offers nothing that changes a message, and such a command says why not', () => {
  expect(typed('/help ', false)).toEqual({ do: 'help' });
  expect(helpFor(false).match(/^ {2}\/\/?\w+/gm)).toEqual(['  /reply', '  /who', '  /quit', '  //text']);
  const all = ['reply', 'edit', 'delete', 'react', 'unreact', 'pin', 'unpin', 'who', 'quit'].map((one) => `  /${one}`);
  expect(helpFor(true).match(/^ {2}\/\/?\w+/gm)).toEqual([...all, '  //text']);
  for (const line of ['/edit 7 x', '/delete 7', '/react 7 x', '/pin 7', '/unpin 7', '/unreact 7 x']) {
    expect(typed(line, false)).toMatchObject({
      do: 'explain',
      words: expect.stringContaining('the history of this channel is off'),
    });
  }
  expect(typed('/reply 7 x', false)).toMatchObject({ do: 'send' });
});

test('help has one command on each line, and no line is too long for a terminal of 80 columns', () => {
  for (const keeps of [true, false]) {
    const tooLong = helpFor(keeps)
      .split('\n')
      .filter((line) => line.length >= 80);
    expect(tooLong).toEqual([]);
    expect(helpFor(keeps)).toContain('\n  /reply SEQ text      answers that message\n');
  }
});

test('a blank line is nothing', () => {
  expect(['', '  '].map((line) => typed(line, true))).toEqual([undefined, undefined]);
});

test.each([
  ['forever', { everything: true }],
  ['nothing', { nothing: true }],
  ['7d', { seconds: 604_800 }],
  ['90m', { seconds: 5_400 }],
])('--keep %s', (text, keep) => {
  expect(retentionFrom(text)).toEqual(keep);
});

test.each(['', '0d', '7', 'd', '7y', '-1d', '99999w', '1.5h'])('--keep %s is wrong usage', (text) => {
  expect(() => retentionFrom(text)).toThrow('--keep is');
});

test('what is kept, in words', () => {
  const seconds = [0, 604_800, 86_400, 5_400, 61];
  expect([undefined, { everything: true }].map(retentionWords)).toEqual(['nothing', 'forever']);
  expect(seconds.map((one) => retentionWords({ seconds: one }))).toEqual(['nothing', '7d', '1d', '90m', '61s']);
});
