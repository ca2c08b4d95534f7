import { Kind, Message } from '@parley/contract';
import { utf8 } from '@parley/testkit';
import { normalise, validationError } from '../src/session/rules.js';

function faultOfReaction(data: Buffer, kind: Kind = Kind.REACT) {
  const message = Message.fromPartial({ kind, targetSeq: 1, data });
  return validationError(message, { facts: { id: 1, hasHistory: true }, lastSeq: 1 }, 65_536)?.reason;
}

test.each(['👍', '👍🏽', '❤', '❤️', '👩‍👩‍👧‍👦', '🇩🇪', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '1️⃣', '©', '🏳‍🌈', '❤️‍🔥', '☝🏽'])(
  'accepts %s as a reaction',
  (emoji) => {
    expect(faultOfReaction(Buffer.from(emoji))).toBeUndefined();
    expect(faultOfReaction(Buffer.from(emoji), Kind.UNREACT)).toBeUndefined();
  },
);

test.each([
  '',
  '🎉🎉',
  '❤\ufe0e',
  '👍\u200d',
  '\u200d👍',
  '🇩',
  '1\ufe0f',
  'lol',
  'ok 👍',
  '👍 ',
  '1',
  '#',
  '12',
  ':-)',
  'ё',
  '日',
  '\u200d',
  '\ufe0f',
  '\u0007',
  '👍'.repeat(40),
])('rejects %j as a reaction', (text) => {
  expect(faultOfReaction(Buffer.from(text))).toBe('invalid-reaction');
});

test('rejects bytes that are not UTF-8', () => {
  expect(faultOfReaction(Buffer.from([0xf0, 0x9f, 0x91]))).toBe('invalid-reaction');
});

test.each([
  ['❤', '❤\ufe0f'],
  ['❤\ufe0f', '❤\ufe0f'],
  ['👍\ufe0f', '👍'],
  ['☝\ufe0f🏽', '☝🏽'],
  ['1\u20e3', '1\ufe0f\u20e3'],
  ['🏳\u200d🌈', '🏳\ufe0f\u200d🌈'],
])('normalises %j to %j', (text, same) => {
  const message = Message.fromPartial({ kind: Kind.REACT, targetSeq: 1, data: Buffer.from(text) });
  normalise(message);
  expect(utf8(message.data)).toBe(same);
});
