import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityOf } from '@parley/database';
import { DataFolder } from '../src/launcher/data-folder.js';

let path: string;
let stranger: ChildProcess;
const pid = () => Number(stranger.pid);
const lock = () => join(path, 'start.pid');
const modeOf = async (...names: string[]) => ((await stat(join(path, ...names))).mode & 0o777).toString(8);

beforeAll(() => {
  // Earlier versions only looked for the words of an `npm start` command.
  stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '--', '--autostart']);
});
afterAll(() => stranger.kill());
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'parley-folder-'));
});
afterEach(() => rm(path, { recursive: true }));

test.each([
  ['is empty', async () => ''],
  ['was cut short', async () => '12'],
  ['is not a number', async () => '\0\0\0\0'],
  ['names a process that is gone', async () => '999999\n'],
  ['names a number that another program has now', async () => `${pid()}\n`],
  ['names a number from before the last boot', async () => `${(await identityOf(pid())).slice(0, -2)}xx\n`],
  [
    'names a process that was started at another time',
    async () => `${pid()} 1 ${(await identityOf(pid())).split(' ')[2]}\n`,
  ],
])('takes over a data folder whose lock file %s', async (_what, text) => {
  await writeFile(lock(), await text());
  const folder = await DataFolder.take(path);
  expect(await readFile(lock(), 'utf8')).toBe(`${await identityOf(process.pid)}\n`);
  await folder.stop();
});

test('refuses a data folder in use and names its process, even through a link to the folder', async () => {
  await writeFile(lock(), `${await identityOf(pid())}\n`);
  const link = `${path}-link`;
  await symlink(path, link);
  try {
    await expect(DataFolder.take(link)).rejects.toThrow(`Another \`npm start\` (pid ${pid()}) runs`);
  } finally {
    await rm(link);
  }
});

test('only the owner of the data folder can read its contents', async () => {
  await (await DataFolder.take(join(path, 'new'))).stop();
  expect(await modeOf('new')).toMatch(/^7[01]{2}$/);
  expect(await modeOf('new', 'logs')).toBe('700');
  await writeFile(join(path, 'secrets.json'), '{}');
  await chmod(path, 0o755);
  await (await DataFolder.take(path)).stop();
  expect(await modeOf()).toMatch(/^7[01]{2}$/);
});

test('does not change the mode of a shared folder', async () => {
  await writeFile(join(path, 'secrets.json'), '{}');
  await chmod(path, 0o777);
  await (await DataFolder.take(path)).stop();
  expect(await modeOf()).toBe('777');
});
