import { isBlank } from '../src/index.js';

const bytes = (text: string) => new TextEncoder().encode(text);

test.each([
  ['nothing', ''],
  ['spaces', '  \u00a0\u3000'],
  ['line breaks and tabs', '\r\n\t\u2028'],
  ['zero-width characters', '\u200b\u200c\u200d\ufeff\u2060'],
  ['direction marks', '\u202e\u2066'],
  ['fillers', '\u3164\u115f\u2800\u{e0020}'],
  ['a variation selector alone', '\ufe0f'],
])('treats %s as blank', (_what, text) => {
  expect(isBlank({ data: bytes(text), contentType: 'text/plain' })).toBe(true);
  expect(isBlank({ data: bytes(text), contentType: '' })).toBe(true);
  expect(isBlank({ data: bytes(text), contentType: 'image/png' })).toBe(false);
});

test.each(['.', 'a', ' \u200bя', '漢', '👍', '\u0301', '\0\u0007'])('treats %j as visible', (text) => {
  expect(isBlank({ data: bytes(text), contentType: 'text/plain' })).toBe(false);
});

test('treats bytes that are not text as visible', () => {
  expect(isBlank({ data: Uint8Array.of(0x20, 0xff), contentType: '' })).toBe(false);
});
