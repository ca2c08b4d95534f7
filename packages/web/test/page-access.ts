import { objections, outside } from './access-steps.js';
import { createChat, openChat, openDirect, openSettings, rowOf, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

/** Opens a group with a few messages of two people. */
async function populated(name: string, scheme: 'light' | 'dark' = 'light') {
  const ann = await stage.somebody('Annabella-Longname', { colorScheme: scheme });
  const bob = await stage.somebody('Bob');
  await createChat(ann, 'Group', name, [await userIdOf(bob)]);
  await ann.say('Good morning! The build is green again: https://example.org/builds/1');
  await openChat(bob, name);
  await bob.say('Thank you. I will look at the last two failures after lunch.');
  await ann.message('Thank you. I will look at the last two failures after lunch.').waitFor();
  await ann.say('Take your time.');
  await ann.page.getByTitle('Read by Bob').waitFor();
  return { ann, bob };
}

inChromium('access to the page', () => {
  test.each(['light', 'dark'] as const)('axe-core finds nothing in chats, dialogs and menus, %s', async (scheme) => {
    const name = `accessible ${scheme}`;
    await stage.host({ name: `room ${scheme}` });
    const { ann, bob } = await populated(name, scheme);
    const { page } = ann;
    const look = async (what: string) => {
      await stage.picture(ann, `axe-${what}-${scheme}`);
      expect([what, await objections(ann)]).toEqual([what, []]);
    };
    await look('chat');
    await page.getByRole('button', { name: 'More' }).click();
    await look('menu');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /2 members/ }).click();
    await page.getByRole('dialog').getByText('Bob', { exact: true }).waitFor();
    await look('members');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Pinned messages' }).click();
    await page.getByText('No message is pinned here.').waitFor();
    await look('pins');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Emoji', exact: true }).click();
    await page.getByRole('button', { name: 'grinning', exact: true }).waitFor();
    await look('emoji');
    await page.keyboard.press('Escape');
    await page.getByLabel('Message', { exact: true }).fill('@b');
    await page.getByRole('option').first().waitFor();
    await look('completions');
    await page.getByLabel('Message', { exact: true }).fill('');
    await page.keyboard.press('Control+k');
    await look('switcher');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'New chat' }).click();
    await page.getByLabel('Person').fill('bob');
    await page.getByRole('option').first().waitFor();
    await look('new-chat');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Find a channel' }).click();
    await look('browse');
    await page.keyboard.press('Escape');
    for (const part of ['Profile', 'Password and devices', 'Blocked people', 'Display and language']) {
      await openSettings(ann, part);
      await page.locator('.settings-part').locator('input:visible, select:visible').first().waitFor();
      await look(`settings-${part.split(' ')[0]}`);
    }
    await page.keyboard.press('Escape');
    await ann.message('Take your time.').locator('xpath=ancestor::ol').getByRole('button', { name: 'Bob' }).click();
    await page.getByRole('button', { name: 'Send message' }).waitFor();
    await look('person');
    await page.keyboard.press('Escape');
    await openDirect(ann, bob);
    await look('direct');
    await page.goto(`${stage.url}/#rooms`);
    await page.getByRole('heading', { name: 'Choose a chat or room' }).waitFor();
    await look('nothing-open');
    await page.setViewportSize({ width: 360, height: 740 });
    await look('phone-list');
    await openChat(ann, name);
    await ann.message('Take your time.').waitFor();
    await look('phone-chat');
  });

  test.each([320, 360, 480, 720, 768, 1_024, 1_440, 1_920])('fits a screen of %i px', async (width) => {
    const { ann } = await populated(`a group with a rather long name on ${width} pixels`);
    await ann.page.setViewportSize({ width, height: 800 });
    await stage.picture(ann, `width-${width}`);
    await ann.message('Take your time.').hover();
    await ann.message('Take your time.').getByRole('button', { name: 'Reply' }).waitFor();
    await stage.picture(ann, `width-${width}-toolbar`);
    expect(await outside(ann)).toEqual([]);
    await ann.page.getByRole('button', { name: 'More' }).click();
    expect(await outside(ann)).toEqual([]);
    await ann.page.keyboard.press('Escape');
    if (width <= 720) await ann.page.getByRole('link', { name: 'All chats' }).click();
    expect(await outside(ann)).toEqual([]);
    await stage.picture(ann, `width-${width}-list`);
    await openSettings(ann, 'Profile');
    for (const part of await ann.page.locator('dialog.settings nav button').allInnerTexts()) {
      await openSettings(ann, part);
      expect([part, await outside(ann)]).toEqual([part, []]);
    }
  });

  test('fits with text of twice the size', async () => {
    const { ann } = await populated('large text');
    await ann.page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
    await stage.picture(ann, 'text-200');
    expect(await outside(ann)).toEqual([]);
    const clipped = await ann.page.evaluate(() =>
      [...document.querySelectorAll('.chat-name, .room-title h2, .who, .text, textarea')]
        .filter((element) => element.scrollHeight > element.clientHeight + 2)
        .map((element) => element.className),
    );
    expect(clipped).toEqual([]);
  });

  test('a dialog stays open while a phone is turned', async () => {
    const { page } = await stage.somebody('Ann', { viewport: { width: 390, height: 844 } });
    await page.getByRole('button', { name: 'Notifications' }).click();
    await page.getByRole('button', { name: 'Done' }).waitFor();
    await page.setViewportSize({ width: 844, height: 390 });
    await page.getByRole('region', { name: 'Sidebar' }).waitFor();
    expect(await page.getByRole('dialog', { name: 'Notifications' }).count()).toBe(1);
  });

  test('a chat is created, used, left and found by the keyboard alone', async () => {
    const bob = await stage.somebody('Bob');
    const bobId = await userIdOf(bob);
    const ann = await stage.somebody('Ann');
    const { page } = ann;
    const focused = () =>
      page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent);
    const tabTo = async (name: string) => {
      for (let k = 0; k < 40 && (await focused())?.trim() !== name; k++) await page.keyboard.press('Tab');
      expect((await focused())?.trim()).toBe(name);
    };
    await tabTo('New chat');
    await page.keyboard.press('Enter');
    await page.getByLabel('Person').focus();
    await page.keyboard.type(bobId);
    await page.getByRole('option').first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: `Remove Bob` }).waitFor();
    await page.getByLabel('Person').focus();
    await page.keyboard.press('Enter');
    await ann.live();
    await ann.focused(page.getByLabel('Message', { exact: true }));
    await page.keyboard.type('by keys');
    await page.keyboard.press('Enter');
    await rowOf(bob, 'Ann').getByText('by keys').waitFor();
    await tabTo('More');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement instanceof HTMLInputElement);
    await page.keyboard.press('ArrowDown');
    await page.getByRole('radio', { name: 'Only mentions' }).and(page.locator(':checked')).waitFor();
    await page.keyboard.press('Escape');
    await ann.focused(page.getByRole('button', { name: 'More' }));
    await page.keyboard.press('Control+k');
    await ann.focused(page.getByRole('dialog').getByRole('combobox'));
    await page.keyboard.type('bob');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 2, name: 'Bob' }).waitFor();
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });
});
