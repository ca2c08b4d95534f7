import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '@parley/testkit';
import type { Visitor } from './browser.js';

/** Waits until a service worker is active, which has stored the page. */
export async function workerReady({ page }: Visitor): Promise<void> {
  await page.evaluate(() => navigator.serviceWorker.ready);
}

/** Waits until the newest worker has taken over, and has deleted what it does not keep. */
export async function workerActivated({ page }: Visitor): Promise<void> {
  const isActivated = async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    return registration?.active?.state === 'activated' && !registration.installing && !registration.waiting;
  };
  await until(() => page.evaluate(isActivated)); // `waitForFunction` does not wait for a promise.
}

/** Returns the paths of everything that a service worker has stored, in all versions. */
export function cachedPaths({ page }: Visitor): Promise<string[]> {
  return page.evaluate(async () => {
    const names = await caches.keys();
    const stored = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return stored.flat().map(({ url }) => new URL(url).pathname);
  });
}

const builtPage = fileURLToPath(new URL('../page', import.meta.url));

async function replaceIn(file: string, words: readonly (readonly [from: string, to: string])[]): Promise<void> {
  const before = await readFile(file, 'utf8');
  await writeFile(
    file,
    words.reduce((text, [from, to]) => text.replaceAll(from, to), before),
  );
}

const hashOf = async (file: string) =>
  `sha256-${createHash('sha256')
    .update(await readFile(file))
    .digest('base64')}`;

/**
 * Makes a later version of the built page in a folder of its own, whose script has another name.
 * Returns the folder.
 */
export async function nextVersion(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-version-'));
  await cp(builtPage, folder, { recursive: true });
  const [script = ''] = (await readdir(join(folder, 'assets'))).filter((name) => /^index-.*\.js$/.test(name));
  await rename(join(folder, 'assets', script), join(folder, 'assets', 'index-later.js'));
  const index = join(folder, 'index.html');
  const before = await hashOf(index);
  await replaceIn(index, [[script, 'index-later.js']]);
  const worker = join(folder, 'worker.js');
  const [version = ''] = /(?<=["`'])[0-9a-f]{16}(?=["`'])/.exec(await readFile(worker, 'utf8')) ?? [];
  await replaceIn(worker, [
    [script, 'index-later.js'],
    [before, await hashOf(index)],
    [version, `${version}-later`],
  ]);
  return folder;
}

/** Returns the name of the script that a tab runs. */
export function scriptOf({ page }: Visitor): Promise<string> {
  return page.evaluate(() => document.querySelector('script[type=module]')?.getAttribute('src') ?? '');
}
