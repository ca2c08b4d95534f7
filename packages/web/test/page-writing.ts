import { createChat, openChat, rowOf, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

inChromium('writing', () => {
  test('completes commands, mentions and emoji, and shows who is mentioned', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    const bobId = await userIdOf(bob);
    const botId = await stage.bot({ name: 'roll', description: 'Rolls dice' });
    await createChat(ann, 'Group', 'completions', [bobId, botId]);
    const { page } = ann;
    const field = page.getByLabel('Message', { exact: true });
    await field.pressSequentially('/r');
    await page.getByRole('option', { name: 'Dice: Rolls dice' }).waitFor();
    await stage.picture(ann, 'command-list');
    await page.keyboard.press('Tab');
    expect(await field.inputValue()).toBe('/roll ');
    await field.pressSequentially('2');
    await page.keyboard.press('Enter');
    await ann.message('/roll 2').waitFor();
    await field.pressSequentially('hello @bo');
    await page.getByRole('option', { name: bobId }).waitFor();
    await stage.picture(ann, 'mention-list');
    await page.keyboard.press('Tab');
    expect(await field.inputValue()).toBe(`hello @${bobId} `);
    await field.pressSequentially(':tad');
    await page.getByRole('option', { name: ':tada:' }).waitFor();
    await page.keyboard.press('Enter');
    await field.pressSequentially(':rocket:');
    await page.waitForFunction(() => document.querySelector('textarea')?.value.endsWith('🚀 '));
    await page.getByRole('button', { name: 'Emoji', exact: true }).click();
    await page.getByLabel('Search emoji').fill('green heart');
    await page.getByRole('button', { name: 'green heart' }).waitFor(); // Enter picks nothing before.
    await stage.picture(ann, 'emoji');
    await page.keyboard.press('Enter');
    expect(await field.inputValue()).toBe(`hello @${bobId} 🎉 🚀 💚 `);
    await page.keyboard.press('Enter');
    await rowOf(bob, 'completions').getByText('@', { exact: true }).waitFor();
    await openChat(bob, 'completions');
    const message = bob.page.locator('.message[data-mention="true"]');
    await message.getByText('Mentions you').waitFor();
    expect(await message.locator('.mention-of').textContent()).toBe('@Bob');
    await stage.picture(bob, 'mentioned');
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('reacts with any emoji', async () => {
    const ann = await stage.somebody('Ann');
    await createChat(ann, 'Group', 'reactions');
    await ann.say('What do you think?');
    const message = ann.message('What do you think?');
    await message.hover();
    await message.getByRole('button', { name: 'React', exact: true }).click();
    await message.getByRole('button', { name: 'More emoji' }).click();
    await ann.page.getByLabel('Search emoji').fill('unicorn');
    await ann.page.getByRole('button', { name: 'unicorn' }).waitFor();
    await ann.page.keyboard.press('Tab');
    await ann.page.keyboard.press('Enter');
    await message.getByRole('button', { name: /🦄 1/ }).waitFor();
    expect(ann.complaints).toEqual([]);
  });

  test('pins messages, lists them and goes to one; only the owner and admins can', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    await createChat(ann, 'Group', 'pins', [await userIdOf(bob)]);
    await ann.say('Read this first.');
    await ann.message('Read this first.').waitFor();
    await ann.say('And this.');
    await ann.message('And this.').hover();
    await ann.message('And this.').getByRole('button', { name: 'Pin', exact: true }).click();
    await ann.message('Read this first.').hover();
    await ann.message('Read this first.').getByRole('button', { name: 'Pin', exact: true }).click();
    await openChat(bob, 'pins');
    for (const text of ['And this.', 'Read this first.'])
      await bob.message(text).getByText('Pinned', { exact: true }).waitFor();
    await bob.message('Read this first.').hover();
    await bob.message('Read this first.').getByRole('button', { name: 'Reply' }).waitFor();
    expect(await bob.message('Read this first.').getByRole('button', { name: /pin/i }).count()).toBe(0);
    await bob.page.getByRole('button', { name: 'Pinned messages' }).click();
    const list = bob.page.getByRole('dialog');
    await list.getByText('Read this first.').waitFor();
    expect(await list.getByRole('link').allInnerTexts()).toEqual([
      expect.stringContaining('And this.'),
      expect.stringContaining('Read this first.'),
    ]);
    await stage.picture(bob, 'pins');
    await list.getByRole('link').last().click();
    await bob.page.locator('.message[data-linked="true"]').getByText('Read this first.').waitFor();
    await ann.message('And this.').hover();
    await ann.message('And this.').getByRole('button', { name: 'Unpin' }).click();
    await bob.message('And this.').getByText('Pinned', { exact: true }).waitFor({ state: 'detached' });
    await bob.say('Off topic.');
    const other = ann.message('Off topic.');
    await other.hover();
    await other.getByRole('button', { name: 'Delete', exact: true }).click();
    await other.getByRole('button', { name: 'Delete for everyone' }).click();
    await bob.page.getByText('This message was deleted.').waitFor();
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });
});
