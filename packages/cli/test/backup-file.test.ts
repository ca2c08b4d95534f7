/** The errors of backup files are told from those of the database. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBackup } from '../src/backup/read-backup.js';
import { writeWhole } from '../src/backup/whole-file.js';

const folder = await mkdtemp(join(tmpdir(), 'parley-backup-file-'));
afterAll(() => rm(folder, { recursive: true }));

test('an error while a file is read names the file', async () => {
  const reading = readBackup('/proc/self/mem').next(); // Linux refuses to read its first page.
  await expect(reading).rejects.toMatchObject({
    reason: 'usage',
    message: '/proc/self/mem cannot be read (EIO). Choose another file.',
  });
});

test('an error of the source passes through a written file as it is', async () => {
  const lost = Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' });
  async function* source() {
    yield Buffer.from('some bytes');
    throw lost;
  }
  const written = writeWhole(join(folder, 'file'), source(), new AbortController().signal);
  await expect(written).rejects.toBe(lost);
  expect(await readdir(folder)).toEqual([]);
});
