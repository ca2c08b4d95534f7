import { rm } from 'node:fs/promises';
import type { Visitor } from './browser.js';
import { createChat, openChat, rowOf, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';
import { cachedPaths, nextVersion, scriptOf, workerActivated, workerReady } from './worker-steps.js';

const composerOf = ({ page }: Visitor) => page.getByLabel('Message', { exact: true });

inChromium('the page without a network', () => {
  test('opens from its cache with chats that were never opened, sends later, and asks before it forgets', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    await createChat(bob, 'Group', 'never opened', [await userIdOf(ann)]);
    await bob.say('you will read this offline');
    await bob.say('the last message, which the list shows');
    await createChat(bob, 'Group', 'opened', [await userIdOf(ann)]);
    const phone = await stage.otherDevice(ann);
    await rowOf(phone, 'opened').first().waitFor();
    await phone.keeps('you will read this offline', true);
    await workerReady(phone);
    const { page } = phone;
    await page.context().setOffline(true);
    await page.reload();
    await openChat(phone, 'never opened');
    await phone.message('you will read this offline').waitFor();
    await page
      .getByText(/You are offline/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Emoji', exact: true }).click();
    await page.getByRole('button', { name: 'grinning', exact: true }).waitFor(); // Never opened before.
    await page.keyboard.press('Escape');
    await composerOf(phone).fill('written offline');
    await page.keyboard.press('Enter');
    await page.getByTitle('Sending').waitFor();
    await phone.keeps('written offline', true);
    await stage.picture(phone, 'offline');
    await page.reload();
    await phone.message('written offline').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('1 message has not been sent', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Stay' }).click();
    await page.context().setOffline(false);
    await rowOf(bob, 'never opened').getByText('written offline').waitFor();
    await phone.live();
    for (const path of await cachedPaths(phone)) expect(path).toMatch(/^\/($|assets\/|[\w-]+\.(png|webmanifest)$)/);
    expect([phone.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('tabs of two versions work side by side, under the worker of either', async () => {
    const folder = await nextVersion();
    const first = await stage.trio.startGateway();
    const ann = await stage.stranger({}, first.http);
    await ann.signUp(stage.userId('Ann'), 'Ann');
    await createChat(ann, 'Group', 'versions');
    await workerReady(ann);
    await ann.page.reload(); // The worker now controls the tab.
    await ann.live();
    const old = await scriptOf(ann);
    await first.stop();
    const port = new URL(first.http).port;
    const second = await stage.trio.startGateway({
      ...{ PARLEY_WEB_DIR: folder, PARLEY_PORT: port, PARLEY_GRPC_PORT: '0' },
    });
    const later = await stage.tabOf(ann);
    expect(await scriptOf(later)).toBe('/assets/index-later.js');
    await ann.page.getByText('There is a new version of Parley').waitFor();
    await stage.picture(ann, 'new-version');
    await workerActivated(ann);
    expect((await fetch(`${second.http}${old}`)).status).toBe(404);
    expect(await later.page.getByText('There is a new version').count()).toBe(0);
    for (const one of [ann, later]) await one.live();
    await later.say('from the new tab');
    await ann.message('from the new tab').waitFor();
    await second.stop();
    await ann.page.getByRole('button', { name: 'Reload' }).click();
    await ann.message('from the new tab').waitFor();
    expect(await scriptOf(ann)).toBe('/assets/index-later.js');
    await later.page.evaluate(() => indexedDB.open('parley', 99));
    await ann.page.getByText('A newer version of Parley runs in another tab').waitFor();
    await ann.page.reload();
    await ann.page.getByText('This is an old version of Parley').waitFor();
    expect([ann.complaints, later.complaints]).toEqual([[], []]);
    await rm(folder, { recursive: true });
  });
});
