/**
 * Takes docs/page.png, the picture in the README: two people in a room of a running `npm start`,
 * drawn by Chromium. The accounts `ada` and `grace` must not exist yet, so use a new `--data`
 * folder.
 *
 * node scripts/page-picture.mjs [page, such as http://127.0.0.1:8080] [file]
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { root } from './setup.mjs';

const { chromium } = createRequire(join(root, 'packages/web/package.json'))('playwright-core');
const [url = 'http://127.0.0.1:8080', file = join(root, 'docs/page.png')] = process.argv.slice(2);
const executablePath = process.env.PATH.split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
  .find(existsSync);

async function signUp(browser, name) {
  const context = await browser.newContext({
    viewport: { width: 1100, height: 700 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('button', { name: 'Create an account' }).click();
  await page.getByLabel('User ID').fill(name.toLowerCase());
  await page.getByLabel('Display name').fill(name);
  await page.getByLabel('Password').fill('correct horse');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  return page;
}

async function createRoom(page, room) {
  await page.getByRole('button', { name: 'Create room' }).first().click();
  await page.getByLabel('Name', { exact: true }).fill(room);
  await page.getByRole('dialog').getByRole('button', { name: 'Create room' }).click();
  await isLive(page, room);
}

async function isLive(page, room) {
  await page.getByRole('heading', { level: 2, name: room, exact: true }).waitFor();
  await page.locator('[data-connection="live"]').waitFor();
}

function messageOf(page, text) {
  return page.locator('.message', { has: page.locator('.text').getByText(text, { exact: true }) });
}

async function send(page, readers, text) {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.keyboard.press('Enter');
  for (const reader of readers) await messageOf(reader, text).waitFor();
}

async function react(page, text, emoji) {
  await messageOf(page, text).hover();
  await messageOf(page, text).getByRole('button', { name: 'React', exact: true }).click();
  await messageOf(page, text)
    .getByRole('button', { name: `React with ${emoji}` })
    .click();
}

async function reply(page, readers, text, answer) {
  await messageOf(page, text).hover();
  await messageOf(page, text).getByRole('button', { name: 'Reply' }).click();
  await send(page, readers, answer);
}

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const [ada, grace] = [await signUp(browser, 'Ada'), await signUp(browser, 'Grace')];
  const both = [ada, grace];
  for (const room of ['book club', 'engine room']) await createRoom(grace, room);
  await createRoom(ada, 'release 0.2');
  await grace.getByRole('link', { name: 'release 0.2' }).click();
  await isLive(grace, 'release 0.2');
  await send(ada, both, 'Morning! The drain drill passed on all four chat servers overnight.');
  await send(grace, both, 'Nice. How long was anyone without service?');
  await send(ada, both, '0.4 s at worst, and nothing was lost or reordered.');
  await react(grace, '0.4 s at worst, and nothing was lost or reordered.', '🎉');
  await reply(grace, both, '0.4 s at worst, and nothing was lost or reordered.', 'Then I say we ship it today.');
  await react(ada, 'Then I say we ship it today.', '👍');
  await send(ada, both, 'Agreed. I will write the notes: https://example.org/parley/notes');
  await grace.getByLabel('Message', { exact: true }).pressSequentially('On it');
  await ada.getByText('Grace is typing').waitFor();
  await ada.mouse.move(550, 700);
  await ada.screenshot({ path: file });
} finally {
  await browser.close();
}
