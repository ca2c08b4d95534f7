import { levelFor } from './ring-memory.js';

test.each([
  [[], 10, Number.POSITIVE_INFINITY],
  [[3, 7], 10, Number.POSITIVE_INFINITY],
  [[100], 10, 10],
  [[10, 200, 90], 190, 90],
  [[1, 50, 50], 21, 10],
])('the level of %j for %d bytes is %d', (sizes, target, level) => {
  expect(levelFor(sizes, target)).toBe(level);
});
