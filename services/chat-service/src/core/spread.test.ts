import { spread } from './spread.js';

const one = () => 1;
const itself = (n: number) => n;

describe('spread', () => {
  test('spread keeps the order and gives each step the same weight', () => {
    expect(spread([1, 2, 3, 4, 5, 6], one, 3)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });

  test('spread gives a heavy item steps of its own', () => {
    expect(spread([8, 1, 1], itself, 5)).toEqual([[8], [], [], [], [1, 1]]);
  });

  test('spread spaces few items evenly over many steps', () => {
    expect(spread([1, 2], one, 4)).toEqual([[1], [], [2]]);
  });

  test('spread puts all items into a single step, including those without weight', () => {
    expect(spread([0, 0], itself, 1)).toEqual([[0, 0]]);
    expect(spread([0, 0], itself, 7)).toEqual([[0, 0]]);
    expect(spread([], itself, 7)).toEqual([]);
  });
});
