import type { Visitor } from './browser.js';
import { inChromium, stage } from './stage.js';

const composerOf = ({ page }: Visitor) => page.getByLabel('Message', { exact: true });
const occupantsOf = ({ page }: Visitor) => page.getByRole('button', { name: /people in this room/ });
const countOf = ({ page }: Visitor, room: string) => page.getByRole('link', { name: room }).locator('.count');

inChromium('true statements', () => {
  test('warns the owner before a room is deleted, and tells everyone in it afterwards', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('doomed');
    const bob = await stage.somebody('Bob');
    await bob.enter('doomed');
    await occupantsOf(ann).getByText('2 of 10').waitFor();
    await bob.page.route('**/chat.v1.ChatService/Send', () => {}); // The server never responds to it.
    await bob.say('never arrives');
    await bob.page.getByTitle('Sending').waitFor();
    await composerOf(bob).fill('half a thought');
    await ann.page.getByRole('button', { name: 'Delete room' }).click();
    await ann.page.getByText('One other person is in it and will be disconnected.').waitFor();
    await ann.page.getByRole('dialog').getByRole('button', { name: 'Delete room' }).click();
    await bob.page.locator('[data-connection]', { hasText: 'This room was deleted' }).waitFor();
    await bob.page.getByText(/^Not sent\. .*deleted/).waitFor();
    expect(await bob.page.getByTitle('Sending').count()).toBe(0);
    expect(await bob.page.getByRole('button', { name: 'Send again' }).count()).toBe(0);
    expect([await composerOf(bob).isDisabled(), await composerOf(bob).inputValue()]).toEqual([true, 'half a thought']);
    expect([await occupantsOf(bob).count(), await bob.page.getByText('Message history').count()]).toEqual([0, 0]);
    await stage.picture(bob, 'deleted');
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('shows a message sent while waiting for a seat under the user’s name and at the end', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('queue', { limit: 2 });
    const eve = await stage.native('queue');
    for (let k = 1; k <= 60; k++) await eve.send(`before ${k}`);
    const bob = await stage.somebody('Bob');
    await bob.page.getByRole('link', { name: 'queue' }).click();
    await bob.link('waiting').waitFor();
    await bob.page.getByRole('status').getByText('The room is full', { exact: true }).waitFor({ state: 'attached' });
    await bob.say('let me in');
    await bob.message('let me in').locator('.who').getByText('Bob', { exact: true }).waitFor();
    await ann.page.getByRole('button', { name: 'Leave room' }).click();
    await bob.live();
    await bob.page.getByTitle('Sent').waitFor();
    await bob.message('before 60').waitFor();
    await bob.page.waitForFunction(() => {
      const list = document.querySelector('.messages')?.getBoundingClientRect();
      const mine = [...document.querySelectorAll('.message')].at(-1);
      const place = mine?.getBoundingClientRect();
      return mine?.textContent?.includes('let me in') && place && list && place.bottom <= list.bottom + 1;
    });
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('folds a very long message, and shows all of it on request', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('long');
    const eve = await stage.native('long');
    await eve.send(`begin ${'word\n'.repeat(100)}end`);
    const fold = ann.page.getByRole('button', { name: /Show all 509 characters/ });
    await fold.waitFor();
    const text = ann.page.locator('.message .text', { hasText: 'begin' });
    expect(await text.textContent()).not.toContain('end');
    await fold.click();
    expect(await text.textContent()).toContain('end');
    expect(ann.complaints).toEqual([]);
  });

  test('tells two users with the same name apart', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('twins');
    const other = await stage.somebody('Ann');
    await other.enter('twins');
    await other.say('I am Ann');
    const title = (await ann.message('I am Ann').locator('.who bdi').getAttribute('title')) ?? '';
    expect(title).toMatch(/^ann-\d+$/);
    expect(await ann.message('I am Ann').locator('.who bdi').textContent()).toBe(`Ann (${title})`);
    expect([ann.complaints, other.complaints]).toEqual([[], []]);
  });

  test('no longer lists a user who has left, and shows the users inside in other tabs too', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('left at once');
    await countOf(ann, 'left at once').getByText('1/10').waitFor();
    await ann.page.route('**/ListChannels', () => {}); // The list of rooms is not polled again.
    await ann.page.getByRole('button', { name: 'Leave room' }).click();
    await countOf(ann, 'left at once').getByText('0/10').waitFor();
    await ann.page.unroute('**/ListChannels');
    await ann.enter('left at once');
    const second = await stage.tabOf(ann);
    await second.live();
    await second.make('other room');
    await ann.link('ended').waitFor();
    await occupantsOf(ann).getByText('0 of 10').waitFor();
    expect(await occupantsOf(ann).locator('.avatar').count()).toBe(0);
    expect([ann.complaints, second.complaints]).toEqual([[], []]);
  });

  test('focuses the composer after creating or entering a room, if there is a mouse', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('first');
    await ann.focused(composerOf(ann));
    await ann.page.keyboard.type('no press needed');
    expect(await composerOf(ann).inputValue()).toBe('no press needed');
    await ann.make('second');
    await ann.focused(composerOf(ann));
    await ann.page.keyboard.type('nor here');
    expect(await composerOf(ann).inputValue()).toBe('nor here');
    expect(ann.complaints).toEqual([]);
  });

  test('shows under its field that a user id is taken', async () => {
    const ann = await stage.somebody('Ann');
    const taken = (await ann.page.locator('.side-foot p > span').textContent()) ?? '';
    const stranger = await stage.stranger();
    const { page } = stranger;
    await page.getByRole('button', { name: 'Create an account' }).click();
    await page.getByLabel('User ID').fill(taken);
    await page.getByLabel('Password').fill('correct horse');
    await page.keyboard.press('Enter');
    const field = page.locator('.field', { has: page.getByLabel('User ID') });
    await field.getByRole('alert').getByText('That user ID is taken. Choose another.', { exact: true }).waitFor();
    expect(await page.getByLabel('User ID').getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByText('That user ID is taken.').count()).toBe(1);
    await stage.picture(stranger, 'taken');
  });

  test('shows the confirmation of a deletion below the name on a phone', async () => {
    const ann = await stage.somebody('Annabella');
    await ann.make('small');
    await ann.page.setViewportSize({ width: 360, height: 740 });
    await ann.say('oops');
    await ann.page.getByTitle('Sent').waitFor();
    await ann.message('oops').hover();
    await ann.message('oops').getByRole('button', { name: 'Delete', exact: true }).click();
    const confirm = ann.page.getByRole('button', { name: 'Delete for everyone' });
    const row = await ann.message('oops').boundingBox();
    const name = await ann.message('oops').locator('.who').boundingBox();
    const button = await confirm.boundingBox();
    await stage.picture(ann, 'phone-delete');
    const [head, title] = await Promise.all(
      ['.room-head', '.room-title'].map((one) => ann.page.locator(one).boundingBox()),
    );
    expect(title?.height).toBeLessThanOrEqual(head?.height ?? 0);
    expect(button?.y).toBeGreaterThanOrEqual((name?.y ?? 0) + (name?.height ?? 0));
    expect((button?.y ?? 0) + (button?.height ?? 0)).toBeLessThanOrEqual((row?.y ?? 0) + (row?.height ?? 0));
    await confirm.click();
    await ann.page.getByText('This message was deleted.').waitFor();
    expect(ann.complaints).toEqual([]);
  });
});
