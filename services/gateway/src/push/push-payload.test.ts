import { payloadOf } from './push-payload.js';
import { waitAfter } from './push-worker.js';

const facts = {
  kind: 'mention',
  channelId: 7,
  seq: 9,
  channelName: 'team',
  channelKind: 'group',
  byName: 'Bob',
} as const;

test('a long text is shortened visibly, and the payload always fits', () => {
  expect(JSON.parse(payloadOf({ ...facts, text: 'x'.repeat(161) })).text).toBe(`${'x'.repeat(160)}…`);
  expect(JSON.parse(payloadOf({ ...facts, text: 'x'.repeat(160) })).text).toBe('x'.repeat(160));
  const worst = payloadOf({
    ...facts,
    channelName: '👪'.repeat(255),
    byName: '👪'.repeat(64),
    text: '\u0001'.repeat(1_000),
  });
  expect(Buffer.byteLength(worst)).toBeLessThanOrEqual(3_000);
  expect(JSON.parse(payloadOf({ ...facts, channelKind: 'direct', text: '' }))).toMatchObject({
    isDirect: true,
    text: '',
  });
});

test('attempts are further and further apart, up to an hour', () => {
  expect([1, 2, 3, 9, 10, 60].map(waitAfter)).toEqual([10_000, 20_000, 40_000, 2_560_000, 3_600_000, 3_600_000]);
});
