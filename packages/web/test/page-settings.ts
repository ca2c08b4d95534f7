import { objections } from './access-steps.js';
import type { Visitor } from './browser.js';
import { openDirect, openSettings, rowOf, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

/** Chooses a file as the picture of the user. */
async function choosePicture({ page }: Visitor, name: string, buffer: Buffer): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose a picture' }).press('Enter');
  await (await chooser).setFiles([{ name, mimeType: 'image/png', buffer }]);
}

/** Returns a PNG of 400 by 300 pixels. */
async function paintedPicture({ page }: Visitor): Promise<Buffer> {
  const address = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 400, height: 300 });
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    context.fillStyle = 'teal';
    context.fillRect(0, 0, 400, 300);
    context.fillStyle = 'gold';
    context.fillRect(150, 100, 100, 100);
    return canvas.toDataURL('image/png');
  });
  return Buffer.from(address.slice(address.indexOf(',') + 1), 'base64');
}

/** Waits until a place shows a picture of this width. */
const pictured = ({ page }: Visitor, place: string, width: number) =>
  page.waitForFunction(
    ([selector, pixels]) => document.querySelector<HTMLImageElement>(selector)?.naturalWidth === pixels,
    [`${place} .avatar img`, width] as const,
  );

inChromium('settings', () => {
  test('a profile is changed, seen on a card by another person, and that person is blocked', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    await openSettings(ann, 'Profile');
    await ann.page.getByLabel('Display name').fill('x'.repeat(70));
    await ann.page.getByText('6 characters too many. The limit is 64.').waitFor();
    expect(await ann.page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await ann.page.getByLabel('Display name').fill('Annabel');
    await ann.page.getByLabel('About you (optional)').fill('Bees and **trees**');
    await ann.page.getByRole('button', { name: 'Save' }).click();
    await ann.page.getByText('Saved.').waitFor();
    await choosePicture(ann, 'notes.txt', Buffer.from('no picture'));
    await ann.page.getByText('The browser cannot read this file as a picture.').waitFor();
    await choosePicture(ann, 'me.png', await paintedPicture(ann));
    await pictured(ann, '.side-foot', 256);
    await pictured(ann, '.settings-part', 256);
    await stage.picture(ann, 'settings-profile');
    expect(await objections(ann)).toEqual([]);
    await ann.page.reload();
    await ann.page.locator('.side-foot').getByText('Annabel').waitFor();
    await openDirect(bob, ann);
    await bob.say('hello');
    await rowOf(ann, 'Bob').getByText('hello').waitFor();
    await bob.page.locator('.room-title').getByRole('button', { name: 'Annabel' }).click();
    await bob.page.getByRole('dialog').getByText('Bees and trees').waitFor();
    await bob.page.getByRole('dialog').getByText('Online now').waitFor();
    await pictured(bob, 'dialog', 256);
    await pictured(bob, 'a.chat', 256);
    await bob.page.getByRole('button', { name: 'Block' }).click();
    await bob.page.getByText('They are not told why.').waitFor();
    await bob.page.getByRole('button', { name: 'Block' }).click();
    await bob.page.getByText('You have blocked this person.').waitFor();
    await stage.picture(bob, 'person-card');
    await bob.page.keyboard.press('Escape');
    await rowOf(ann, 'Bob').waitFor({ state: 'detached' });
    await openSettings(bob, 'Blocked people');
    await bob.page.locator('.settings-part li').getByText('Annabel').waitFor();
    await bob.page.locator('.settings-part').getByRole('button', { name: 'Unblock' }).click();
    await bob.page.getByText('You have blocked nobody.').waitFor();
    await rowOf(ann, 'Bob').waitFor(); // Both have the direct chat again.
    await openSettings(ann, 'Profile');
    await ann.page.getByRole('button', { name: 'Remove the picture' }).click();
    await ann.page.getByRole('button', { name: 'Remove the picture' }).waitFor({ state: 'detached' });
    await bob.page.reload();
    await rowOf(bob, 'Annabel').locator('.avatar').getByText('A', { exact: true }).waitFor();
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('the password is changed, and another device is signed out', async () => {
    const ann = await stage.somebody('Ann');
    const phone = await stage.otherDevice(ann);
    await openSettings(ann, 'Password and devices');
    await ann.page.getByLabel('Current password').fill('not my password');
    await ann.page.getByLabel('New password').fill('a better horse');
    await ann.page.getByRole('button', { name: 'Change password' }).click();
    await ann.page.getByText('The current password is wrong.').waitFor();
    await ann.page.getByRole('button', { name: 'Sign out Chrome on Linux' }).click();
    await ann.page.getByText('1 device was signed out.').waitFor();
    await phone.page.getByText('Your session has ended. Sign in again.').waitFor();
    await ann.page.getByLabel('Current password').fill('correct horse');
    await ann.page.getByRole('button', { name: 'Change password' }).click();
    await ann.page.getByText('Your password is changed.').waitFor();
    const userId = await userIdOf(ann);
    await phone.page.getByLabel('User ID').fill(userId);
    await phone.page.getByLabel('Password').fill('a better horse');
    await phone.page.keyboard.press('Enter');
    await phone.page.getByRole('button', { name: 'Sign out' }).waitFor();
    expect([ann.complaints, phone.complaints]).toEqual([[], []]);
  });

  test('a choice of colours and language also applies to the sign-in page and to other tabs', async () => {
    const ann = await stage.somebody('Ann');
    const tab = await stage.tabOf(ann);
    await openSettings(ann, 'Display and language');
    await ann.page.getByRole('radio', { name: 'Dark' }).check();
    await ann.page.getByLabel('Language', { exact: true }).selectOption('Deutsch');
    await ann.page.getByRole('dialog', { name: 'Einstellungen' }).waitFor();
    await stage.picture(ann, 'settings-german');
    await tab.page.getByRole('button', { name: 'Einstellungen und Profil' }).waitFor();
    const colours = () => getComputedStyle(document.body).backgroundColor;
    expect(await tab.page.evaluate(colours)).toBe('rgb(23, 24, 22)');
    await ann.page.reload();
    await ann.page.getByRole('button', { name: 'Einstellungen und Profil' }).waitFor();
    expect(await ann.page.evaluate(() => document.documentElement.lang)).toBe('de');
    await ann.page.keyboard.press('?');
    await ann.page.getByRole('dialog', { name: 'Tastenkürzel' }).waitFor();
    await ann.page.keyboard.press('Escape');
    await ann.page.keyboard.press('Control+,');
    await ann.page.getByRole('dialog', { name: 'Einstellungen' }).waitFor();
    expect([ann.complaints, tab.complaints]).toEqual([[], []]);
  });

  test('a dialog that could not be loaded says so in its place, and can be tried again', async () => {
    const ann = await stage.somebody('Ann');
    const { page } = ann;
    const opener = page.getByRole('button', { name: 'New chat' });
    await page.route('**/assets/on-demand-*.js', (route) => route.abort());
    await opener.click();
    const dialog = page.getByRole('dialog', { name: 'New chat' });
    await dialog.getByText('This part of the page could not be loaded.').waitFor();
    await dialog.getByRole('button', { name: 'Reload' }).waitFor();
    expect(await objections(ann)).toEqual([]);
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await dialog.getByText('This part of the page could not be loaded.').waitFor();
    await page.unroute('**/assets/on-demand-*.js');
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await dialog.getByRole('radio', { name: 'Group' }).waitFor();
    await page.keyboard.press('Escape');
    await ann.focused(opener);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor(); // Loaded by now.
    expect(ann.complaints).toEqual([]);
  });
});
