import { firstTurn } from '../src/pace.js';

test.each([5, 10, 20, 200])('the turns of any %i consecutive users are spread over the whole period', (count) => {
  for (let first = 0; first < 300; first++) {
    const turns = Array.from({ length: count }, (_, at) => firstTurn(first + at)).toSorted((one, other) => one - other);
    const gaps = turns.map((turn, at) => (turns[at + 1] ?? (turns[0] ?? 0) + 1) - turn);
    expect(Math.max(...gaps)).toBeLessThan(2 / count);
  }
});
