import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '@parley/runtime';
import { databaseUrlOf, secretOrFile } from './secret-file.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-url-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Returns what the settings say if a file has this text. */
async function urlIn(text: string, name: 'DATABASE_URL' | 'REDIS_URL', more = {}) {
  const file = join(folder, 'url');
  await writeFile(file, text);
  return secretOrFile(readSettings({ [`PARLEY_${name}_FILE`]: file, ...more }), name);
}

test('reads a URL from its file, unless the setting itself has one', async () => {
  expect(await urlIn(' rediss://:secret@h/1\n', 'REDIS_URL')).toBe('rediss://:secret@h/1');
  expect(await urlIn('postgres://a:secret@h/d\n', 'DATABASE_URL')).toBe('postgres://a:secret@h/d');
  expect(await urlIn('redis://other', 'REDIS_URL', { PARLEY_REDIS_URL: 'redis://first' })).toBe('redis://first');
  expect(secretOrFile(readSettings({}), 'REDIS_URL')).toBeUndefined();
});

test('says in one sentence what is wrong with the file, without its text', async () => {
  const file = join(folder, 'url');
  await expect(urlIn('http://:secret@h', 'REDIS_URL')).rejects.toThrow(
    new Error(`The file of PARLEY_REDIS_URL_FILE=${file} holds no valid PARLEY_REDIS_URL. Correct the file.`),
  );
  await expect(urlIn('', 'DATABASE_URL')).rejects.toThrow(/^The file of \S+ holds no valid PARLEY_DATABASE_URL\./);
  const missing = readSettings({ PARLEY_REDIS_URL_FILE: join(folder, 'none') });
  expect(() => secretOrFile(missing, 'REDIS_URL')).toThrow(/^PARLEY_REDIS_URL_FILE=\S+ cannot be read\. Correct/);
});

test('the URL of the database follows its file, and stays the last one while the file cannot be used', async () => {
  const file = join(folder, 'url');
  const texts = ['postgres://a:first@h/d', 'postgres://a:second@h/d', 'nothing'];
  const urls: unknown[] = [];
  await writeFile(file, texts[0] ?? '');
  const url = databaseUrlOf(readSettings({ PARLEY_DATABASE_URL_FILE: file }), 'DATABASE_URL');
  for (const text of texts) {
    await writeFile(file, text);
    urls.push(typeof url === 'function' && url());
  }
  await rm(file);
  expect([...urls, typeof url === 'function' && url()]).toEqual([texts[0], texts[1], texts[1], texts[1]]);
  expect(databaseUrlOf(readSettings({ PARLEY_DATABASE_URL: 'postgres://a@h/d' }), 'DATABASE_URL')).toBe(
    'postgres://a@h/d',
  );
});
