import { spread } from './spread.js';

const one = () => 1;
const itself = (n: number) => n;

describe('spread', () => {
  test('keeps the order, and gives every step the same weight', () => {
    expect(spread([1, 2, 3, 4, 5, 6], one, 3)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });

  test('what is heavy has steps to itself', () => {
    expect(spread([8, 1, 1], itself, 5)).toEqual([[8], [], [], [], [1, 1]]);
  });

  test('few items over many steps keep their distance', () => {
    expect(spread([1, 2], one, 4)).toEqual([[1], [], [2]]);
  });

  test('all at once in one step, also those without weight', () => {
    expect(spread([0, 0], itself, 1)).toEqual([[0, 0]]);
    expect(spread([0, 0], itself, 7)).toEqual([[0, 0]]);
    expect(spread([], itself, 7)).toEqual([]);
  });
});
