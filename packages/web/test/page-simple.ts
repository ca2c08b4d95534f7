import { until } from '@parley/testkit';
import type { Page } from 'playwright-core';
import { inChromium, stage } from './stage.js';

/** Opens the simple page of document 003, and logs in as a guest. */
async function guest(name: string): Promise<Page> {
  const { page } = await stage.stranger({}, `${stage.url}/simple`);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Login' }).click();
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

inChromium('the simple page of document 003', () => {
  test('guests log in, create and join rooms, read and write in several of them, and log out', async () => {
    const [zora, yusuf] = [await guest('Zora'), await guest('Yusuf')];
    await zora.getByText('You are zora. Choose a room.').waitFor();
    await zora.getByLabel('Name of a new room').fill('garden');
    await zora.getByRole('button', { name: 'Create room' }).click();
    await zora.getByText('You are in garden.').waitFor();
    await say(zora, '<b>plums</b>');
    await zora.getByText('zora: <b>plums</b>', { exact: true }).waitFor();
    await yusuf.getByLabel('Rooms of this server').selectOption('garden');
    await yusuf.getByText('Join garden to read and write in it.').waitFor();
    await yusuf.getByRole('button', { name: 'Join room' }).click();
    await yusuf.getByText('zora: <b>plums</b>', { exact: true }).waitFor();
    await say(yusuf, 'A tree full');
    for (const page of [zora, yusuf]) await page.getByText('yusuf: A tree full', { exact: true }).waitFor();
    await yusuf.getByLabel('Rooms of this server').selectOption('general');
    await yusuf.getByRole('button', { name: 'Join room' }).click();
    await yusuf.getByText('You are in general.').waitFor();
    await yusuf.getByLabel('Rooms of this server').selectOption('garden');
    await yusuf.getByText('yusuf: A tree full', { exact: true }).waitFor();
    await zora.getByRole('button', { name: 'Logout' }).click();
    await zora.getByText('You are logged out.').waitFor();
  });

  test('a name is logged in once, and free again after the logout', async () => {
    const first = await guest('Xenia');
    await first.getByText('You are xenia. Choose a room.').waitFor();
    const second = await guest('XENIA');
    await second.getByText('You were not let in').waitFor();
    await first.getByRole('button', { name: 'Logout' }).click();
    await first.getByText('You are logged out.').waitFor();
    const login = second.getByRole('button', { name: 'Login' });
    await until(async () => {
      await login.dispatchEvent('click'); // The guest ends a moment after its socket.
      return (await second.getByRole('status').textContent()) === 'You are xenia. Choose a room.';
    });
  });
});
