import { createChat, rowOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

inChromium('invite links', () => {
  test('an invite link is created, opened, previewed, used and revoked', async () => {
    const [ann, bob, eve] = [await stage.somebody('Ann'), await stage.somebody('Bob'), await stage.somebody('Eve')];
    await ann.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await createChat(ann, 'Group', 'garden');
    await ann.say('welcome to the garden');
    await ann.page.getByRole('button', { name: '1 member (show list)' }).click();
    await ann.page.getByRole('button', { name: 'Invite links' }).click();
    const dialog = ann.page.getByRole('dialog', { name: 'Invite links' });
    await dialog.getByText('There is no invite link.').waitFor();
    await dialog.getByLabel('Maximum number of people (optional)').fill('none');
    await dialog.getByText(/^Type a whole number/).waitFor();
    await dialog.getByLabel('Maximum number of people (optional)').fill('5');
    await dialog.getByRole('button', { name: 'Create link' }).click();
    await dialog.getByText(/^used 0 of 5 times · until/).waitFor();
    await dialog.getByRole('button', { name: 'Copy link' }).click();
    await dialog.getByText('Copied').waitFor();
    await stage.picture(ann, 'invites');
    const href = await ann.page.evaluate(() => navigator.clipboard.readText());
    await bob.page.goto(href);
    await bob.page.getByText('You were invited to this chat.').waitFor();
    await bob.page.getByRole('heading', { name: 'garden' }).waitFor();
    await stage.picture(bob, 'invite-preview');
    expect(await rowOf(bob, 'garden').count()).toBe(0);
    await bob.page.getByRole('button', { name: 'Join' }).click();
    await bob.message('welcome to the garden').waitFor();
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await dialog.getByText(/^used 1 of 5 times · no longer works|^There is no invite link/).waitFor();
    await eve.page.goto(href);
    await eve.page.getByRole('heading', { name: 'This invite link cannot be used' }).waitFor();
    await eve.page.getByRole('alert').getByText(/\w+/).first().waitFor();
    expect([ann.complaints, bob.complaints, eve.complaints]).toEqual([[], [], []]);
  });
});
