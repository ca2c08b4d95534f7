import type { Visitor } from './browser.js';
import { inChromium, stage } from './stage.js';

const composerOf = ({ page }: Visitor) => page.getByLabel('Message', { exact: true });

inChromium('browser storage', () => {
  test('removes expired messages from the screen and the storage, in every room', async () => {
    for (const name of ['short-lived', 'fleeting']) await stage.host({ name, retention: { seconds: 12 } });
    const ann = await stage.somebody('Ann');
    for (const name of ['short-lived', 'fleeting']) {
      await ann.enter(name);
      await ann.page.getByText('Message history: 12 seconds').waitFor();
      await ann.say(`said in ${name}`);
      await ann.page.getByTitle('Sent').waitFor();
      await ann.keeps(`said in ${name}`, true);
    }
    await ann.message('said in fleeting').waitFor({ state: 'detached' });
    for (const name of ['short-lived', 'fleeting']) await ann.keeps(`said in ${name}`, false);
    await ann.page.reload();
    await ann.live();
    expect(await ann.page.locator('.message').count()).toBe(0);
    expect(ann.complaints).toEqual([]);
  });

  test('stores nothing of a room without message history', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('off the record', { retention: 'nothing' });
    await ann.page.getByText('Message history: off').waitFor();
    await ann.say('only in the air');
    await ann.page.getByTitle('Sent').waitFor();
    await composerOf(ann).fill('a draft of mine');
    await ann.keeps('a draft of mine', true);
    await ann.page.waitForTimeout(500); // Anything that is stored would be stored a moment later.
    expect(await ann.stored()).not.toContain('only in the air');
    await ann.page.reload();
    await ann.live();
    expect(await ann.page.locator('.message').count()).toBe(0);
    expect(ann.complaints).toEqual([]);
  });

  test('removes deleted and edited text from the storage, quotes and pending replies', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('regrets');
    await ann.say('first words');
    await ann.say('SECRET words');
    await ann.page.getByTitle('Sent').waitFor();
    const bob = await stage.somebody('Bob');
    await bob.enter('regrets');
    await bob.message('SECRET words').hover();
    await bob.message('SECRET words').getByRole('button', { name: 'Reply' }).click();
    await bob.say('an answer');
    await ann.message('an answer').waitFor();
    await bob.message('SECRET words').hover();
    await bob.message('SECRET words').getByRole('button', { name: 'Reply' }).click();
    await bob.page.getByText('Reply to Ann:').waitFor();
    await Promise.all([ann, bob].map((one) => one.keeps('SECRET', true)));
    await ann.message('first words').hover();
    await ann.message('first words').getByRole('button', { name: 'Edit' }).click();
    await ann.editing();
    await ann.say('other words');
    await ann.message('SECRET words').hover();
    await ann.message('SECRET words').getByRole('button', { name: 'Delete', exact: true }).click();
    await ann.page.getByRole('button', { name: 'Delete for everyone' }).click();
    for (const one of [ann, bob]) {
      await one.page.getByText('This message was deleted.').waitFor();
      await one.message('other words').waitFor();
      await one.keeps('SECRET', false);
      await one.keeps('first words', false);
      expect(await one.page.content()).not.toMatch(/SECRET|first words/);
    }
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test.each([8, -8])('keeps the session and the messages on a device whose clock is %i days wrong', async (days) => {
    const ann = await stage.somebody('Ann');
    await ann.make('wrong clock');
    await ann.say('said before');
    await ann.page.getByTitle('Sent').waitFor();
    await composerOf(ann).fill('a draft');
    await ann.keeps('a draft', true);
    await ann.page.addInitScript((ms) => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + ms;
    }, days * 86_400_000);
    await ann.page.reload();
    await ann.live();
    await ann.message('said before').waitFor();
    expect(await composerOf(ann).inputValue()).toBe('a draft');
    await ann.say('said after');
    await ann.page.getByTitle('Sent').waitFor();
    expect(ann.complaints).toEqual([]);
  });

  test('turns Today into Yesterday without a new message', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('midnight');
    await ann.say('good night');
    await ann.page.getByText('Today', { exact: true }).waitFor();
    await ann.page.evaluate(() => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + 86_400_000;
    });
    await ann.page.getByText('Yesterday', { exact: true }).waitFor();
  });
});
