import { Readers } from '../src/readers.js';

test("reports the new readers of the user's last message, however late the message is shown", () => {
  const readers = new Readers();
  expect(readers.read([['bob', 4]])).toBeUndefined();
  expect(readers.sent(4)).toEqual({ seq: 4, readers: ['bob'], others: 0 });
  expect(readers.sent(3)).toBeUndefined();
  expect(readers.read([['bob', 5]])).toBeUndefined();
  expect(readers.read([['cy', 3]])).toBeUndefined();
  expect(readers.read([['cy', 4]])).toEqual({ seq: 4, readers: ['bob', 'cy'], others: 0 });
  expect(readers.sent(6)).toBeUndefined();
  expect(readers.read([['cy', 2]])).toBeUndefined();
  expect(readers.read([['cy', 6]])).toEqual({ seq: 6, readers: ['cy'], others: 0 });
  readers.clear();
  expect(readers.sent(1)).toBeUndefined();
});

test('names the first ten readers, and counts the others', () => {
  const readers = new Readers();
  readers.sent(1);
  const all = Array.from({ length: 12 }, (_, n) => [`user-${n}`, 1] as const);
  expect(readers.read(all)).toEqual({ seq: 1, readers: all.slice(0, 10).map(([id]) => id), others: 2 });
});
