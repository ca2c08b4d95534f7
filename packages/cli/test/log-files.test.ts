import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rotateLargeLogs, setAside } from '../src/launcher/log-files.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-logs-'));
});
afterEach(() => rm(folder, { recursive: true }));

const line = (n: number) => `line ${n}\n`;

test('rotates a log while its writer has it open, without losing a line', async () => {
  const file = join(folder, 'x.log');
  const writer = await open(file, 'a', 0o600);
  for (let turn = 0; turn < 6; turn++) {
    for (let n = 0; n < 10; n++) await writer.write(line(turn * 10 + n));
    await rotateLargeLogs(() => [file], fail, 50).stop();
  }
  await writer.write(line(60));
  await writer.close();
  expect((await readdir(folder)).sort()).toEqual(['x.log', 'x.log.1', 'x.log.2', 'x.log.3', 'x.log.4']);
  const names = ['x.log.4', 'x.log.3', 'x.log.2', 'x.log.1', 'x.log'];
  const kept = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  expect(kept.join('')).toBe(Array.from({ length: 41 }, (_, n) => line(n + 20)).join(''));
  expect((await stat(`${file}.1`)).mode & 0o777).toBe(0o600);
});

test('does not rotate a small or missing log', async () => {
  const file = join(folder, 'x.log');
  await (await open(file, 'a')).close();
  await rotateLargeLogs(() => [file, join(folder, 'none.log')], fail, 50).stop();
  expect(await readdir(folder)).toEqual(['x.log']);
  setAside(join(folder, 'none.log'));
  setAside(file);
  expect(await readdir(folder)).toEqual(['x.log.1']);
});

function fail(words: string): void {
  throw new Error(words);
}
