import { type TestPerson, until } from '@parley/testkit';
import type { Page, Request } from 'playwright-core';
import { documentWays, polyglots, scriptWays, serveCarelessly, trap } from './polyglots.js';
import { inChromium, stage } from './stage.js';

interface TriedFile {
  readonly name: string;
  readonly url: string;
}

/** Opens the trap and lets it load files. Returns what ran so far; the list grows. */
async function spring(page: Page, at: string, files: readonly TriedFile[]): Promise<readonly string[]> {
  const ran: string[] = [];
  const pending = new Set<Request>();
  page.on('request', (request) => pending.add(request));
  page.on('response', (response) => pending.delete(response.request()));
  page.on('requestfailed', (request) => pending.delete(request));
  page.on('console', (message) => {
    const text = message.text();
    if (text.startsWith('ran ')) ran.push(text.slice(4));
  });
  await page.goto(at);
  await page.evaluate(`load(${JSON.stringify(files)})`);
  await until(() => pending.size === 0);
  return ran;
}

/** Opens each file by itself, as a click on a link to it does. A browser may save it instead. */
async function openEach(page: Page, files: readonly TriedFile[]): Promise<void> {
  for (const { url } of files) await page.goto(new URL(url, page.url()).href).catch(() => {});
}

/** Checks that the trap detects everything that runs, at a server that takes no care. */
async function checkTrap(): Promise<void> {
  const careless = await serveCarelessly();
  const context = await stage.browser.newContext();
  const page = await context.newPage();
  const files = polyglots.map(({ name }, index) => ({ name, url: `/${index}` }));
  const ran = await spring(page, `${careless.url}/trap`, files);
  await openEach(page, files);
  const expected = polyglots.flatMap(({ name, isScript }) =>
    [...(isScript ? scriptWays : []), ...documentWays, 'open'].map((way) => `${name} ${way}`),
  );
  await until(() => expected.every((one) => ran.includes(one)));
  await context.close();
  careless.stop();
}

/** Uploads all files, as pictures. Returns their paths. */
async function uploadAll({ token }: TestPerson): Promise<TriedFile[]> {
  const form = new FormData();
  for (const { name, bytes } of polyglots)
    form.append('file', new Blob([new Uint8Array(bytes)], { type: 'image/png' }), name);
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${stage.url}/api/v1/files`, { method: 'POST', headers, body: form });
  const { files } = (await response.json()) as { files: { id: string; name: string; picture: object | null }[] };
  expect(files.filter(({ picture }) => picture !== null).map(({ name }) => name)).toEqual(['valid.gif', 'valid.png']);
  return files.flatMap(({ id, name, picture }) => {
    const thumbnails = picture === null ? [] : [`/api/v1/files/${id}/thumbnail`];
    return [`/api/v1/files/${id}/content`, `/api/files/${id}`, ...thumbnails].map((url) => ({ name, url }));
  });
}

inChromium('files that are also programs', () => {
  test('nothing in a file of Parley runs, however a page of its origin loads it', async () => {
    await checkTrap();
    const context = await stage.browser.newContext();
    const person = await stage.trio.people.make(stage.userId('polyglot'));
    const stored = await uploadAll(person);
    await context.addCookies(
      ['parley_files', 'parley_001'].map((name) => ({ name, value: person.token, url: stage.url })),
    );
    await context.route(`${stage.url}/trap`, (route) => route.fulfill({ contentType: 'text/html', body: trap }));
    const page = await context.newPage();
    const statuses = new Map<string, number>();
    page.on('response', (response) => statuses.set(new URL(response.url()).pathname, response.status()));
    const inParley = await spring(page, `${stage.url}/trap`, stored);
    await openEach(page, stored);
    await until(() => stored.every(({ url }) => statuses.get(url) === 200));
    expect(inParley).toEqual([]);
    await context.close();
  });
});
