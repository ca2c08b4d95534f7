import { createChat } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

inChromium('search and links to messages', () => {
  test('a search finds a message, and its result, its link and the address lead to it', async () => {
    const ann = await stage.somebody('Ann');
    const { page } = ann;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await createChat(ann, 'Group', 'kitchen');
    await ann.say('the needle is here');
    for (let k = 1; k <= 60; k++) await ann.say(`filler ${k}`);
    await ann.message('filler 60').getByTitle('Sent').waitFor();
    await page.getByRole('button', { name: 'Search messages' }).click();
    const result = page.getByRole('dialog').getByRole('link', { name: /the needle is here/ });
    const find = async () => {
      await page.getByRole('button', { name: 'Search messages' }).click();
      await page.getByLabel('Words, or a "phrase"').fill('needle');
      await page.keyboard.press('Enter');
    };
    await expectFound(async () => {
      await page.getByLabel('Words, or a "phrase"').fill('needle');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').locator('.results a, p[role=status]:text("No message")').first().waitFor();
      return (await result.count()) > 0;
    });
    expect(await result.locator('mark').allTextContents()).toEqual(['needle']);
    await stage.picture(ann, 'search');
    await result.click();
    const linked = page.locator('.message[data-linked="true"]', { hasText: 'the needle is here' });
    await linked.waitFor();
    await stage.picture(ann, 'search-jump');
    await page.getByRole('region', { name: 'Messages' }).press('End');
    await linked.waitFor({ state: 'detached' });
    await find();
    await result.click(); // Its address is open already.
    await linked.waitFor();
    await linked.getByRole('button', { name: 'Copy link' }).click();
    await linked.getByText('Copied').waitFor();
    const href = await page.evaluate(() => navigator.clipboard.readText());
    expect(href).toBe(page.url());
    const second = await stage.tabOf(ann);
    await second.page.locator('.message[data-linked="true"]', { hasText: 'the needle is here' }).waitFor();
    const phone = await stage.otherDevice(ann);
    await phone.page.goto(href);
    await phone.message('the needle is here').waitFor();
    await phone.keeps('the needle is here', true);
    await phone.page.goto('about:blank');
    await linked.getByRole('button', { name: 'Delete', exact: true }).click();
    await linked.getByRole('button', { name: 'Delete for everyone' }).click();
    await page.getByText('This message was deleted.').waitFor();
    const third = await stage.tabOf(ann);
    for (const { page: another } of [ann, second, third])
      await another.getByText(/^The message of this link was deleted/).waitFor();
    for (let k = 61; k <= 101; k++) await ann.say(`filler ${k}`); // The needle leaves the latest page of 100.
    await ann.message('filler 101').getByTitle('Sent').waitFor();
    await phone.page.goto(href); // First shows the message from its cache.
    await phone.page.getByText(/^The message of this link was deleted/).waitFor();
    await page.goto(href.replace(/\d+$/, '999999'));
    await page.getByText('The link names a message that does not exist here.').waitFor();
    const bob = await stage.somebody('Bob');
    await bob.page.goto(href);
    await bob.page.getByText(/^It was deleted, or you are not a member/).waitFor();
    for (const { complaints } of [ann, second, third, phone, bob]) expect(complaints).toEqual([]);
  });
});

/** Repeats a search until the new message is in the index, which takes about a second. */
async function expectFound(search: () => Promise<boolean>): Promise<void> {
  while (!(await search()));
}
