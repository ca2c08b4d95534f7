import { directionOf } from '../src/state/direction.js';

test('each line has its own direction, unless there are hundreds', () => {
  expect(directionOf('')).toBe('auto');
  expect(directionOf('שלום\nhello\n'.repeat(200))).toBe('auto');
  expect(directionOf('y\n'.repeat(30_000))).toBe('ltr');
  expect(directionOf('1. שלום\n'.repeat(600))).toBe('rtl');
  expect(directionOf('\n'.repeat(600))).toBe('ltr');
});
