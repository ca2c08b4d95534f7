import { readFileSync } from 'node:fs';

const root = new URL('../../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const [, table = ''] = read('ARCHITECTURE.md').split(/<!-- interleavings: .*-->/);
const rows = [...table.matchAll(/^\| (\d+) \| .* \| (.*) \|$/gm)];

test('ARCHITECTURE.md names a file of tests for each of the 15 interleavings', () => {
  expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 15 }, (_, n) => n + 1));
  for (const [, number, tests = ''] of rows) {
    const files = [...tests.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, file = '']) => file);
    expect([number, files.length]).not.toEqual([number, 0]);
    for (const file of files) expect([file, /\btest[.(]/.test(read(file))]).toEqual([file, true]);
  }
});
