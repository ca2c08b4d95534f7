import { readFileSync } from 'node:fs';

const root = new URL('../../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const [, table = ''] = read('ARCHITECTURE.md').split(/<!-- interleavings: .*-->/);
const rows = [...table.matchAll(/^\| (\d+) \| .* \| (.*) \|$/gm)];

test('ARCHITECTURE.md names tests that exist, for each of the 15 interleavings', () => {
  expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 15 }, (_, n) => n + 1));
  for (const [, number, tests = ''] of rows) {
    const named = [...tests.matchAll(/`([^`]+)`: ([^;]+)/g)];
    expect([number, named.length]).not.toEqual([number, 0]);
    for (const [, file = '', title = ''] of named)
      expect([title, read(file).includes(title.trim())]).toEqual([title, true]);
  }
});
