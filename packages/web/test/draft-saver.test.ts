import { DraftSaver } from '../src/live/draft-saver.js';

/** Returns a saver whose writes end when the test says so. */
function slowSaver() {
  const written: string[] = [];
  const ends: (() => void)[] = [];
  const saver = new DraftSaver((key, text) => {
    written.push(`${key}: ${text}`);
    return new Promise((resolve) => ends.push(resolve));
  });
  const next = async () => {
    ends.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { saver, written, next };
}

test('while a draft is being written, only the latest text of each draft waits', async () => {
  const { saver, written, next } = slowSaver();
  for (const text of ['a', 'ab', 'abc', 'abcd']) saver.save(7, text);
  saver.save(8, 'x');
  expect([written, saver.waiting(7), saver.waiting(9)]).toEqual([['7: a'], 'abcd', undefined]);
  await next();
  expect([written, saver.waiting(7)]).toEqual([['7: a', '7: abcd'], undefined]);
  saver.save(7, '');
  await next();
  await next();
  await next();
  await saver.saved();
  expect(written).toEqual(['7: a', '7: abcd', '8: x', '7: ']);
  saver.save(8, 'xy');
  expect(written.at(-1)).toBe('8: xy');
});
