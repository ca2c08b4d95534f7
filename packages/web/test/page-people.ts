import { createChat, openChat, openDirect, rowOf, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

inChromium('other people', () => {
  test('a message of somebody else can be reported, with a reason, to the operators', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    const bobId = await userIdOf(bob);
    await createChat(ann, 'Group', 'reported', [bobId]);
    await openChat(bob, 'reported');
    await bob.say('buy here');
    await ann.message('buy here').hover();
    await ann.message('buy here').getByRole('button', { name: 'Report', exact: true }).click();
    const dialog = ann.page.getByRole('dialog', { name: 'Report this message' });
    await dialog.getByText('buy here').waitFor();
    const reason = dialog.getByLabel('What is wrong with it?');
    await reason.fill('x'.repeat(1_001));
    expect(await dialog.getByRole('button', { name: 'Send report' }).isDisabled()).toBe(true);
    await reason.fill('An advertisement.');
    await dialog.getByRole('button', { name: 'Send report' }).click();
    await dialog.getByText('The operators have your report').waitFor();
    await stage.picture(ann, 'reported');
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    const reports = await stage.trio.people.sql('SELECT reason FROM chat.abuse_report WHERE user_id = $1', [bobId]);
    expect(reports).toEqual([{ reason: 'An advertisement.' }]);
    await ann.say('my own');
    await ann.message('my own').hover();
    await ann.message('my own').getByRole('button', { name: 'Reply' }).waitFor();
    expect(await ann.message('my own').getByRole('button', { name: 'Report' }).count()).toBe(0);
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('Ctrl+K finds people, asks once for a word, and opens the direct chat with one', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    const bobId = await userIdOf(bob);
    await ann.page.keyboard.press('Control+k');
    const dialog = ann.page.getByRole('dialog', { name: 'Go to' });
    await dialog.getByRole('combobox').pressSequentially(bobId);
    await dialog.getByRole('option', { name: `@${bobId}` }).waitFor();
    expect(ann.count('SearchUsers')).toBeLessThan(bobId.length);
    await stage.picture(ann, 'switcher-people');
    await ann.page.keyboard.press('Enter');
    await ann.headingOf('Bob').waitFor();
    await ann.page.keyboard.press('Control+k');
    await dialog.getByRole('combobox').fill('Bob');
    await dialog.getByText('Searching').waitFor({ state: 'detached' });
    await dialog.getByRole('option', { name: /^Bob Direct chat/ }).waitFor();
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('a direct chat with a blocked person says so in place of the field, and unblocks', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    await openDirect(ann, bob);
    await ann.say('hello');
    await openChat(bob, 'Ann');
    await bob.say('a nuisance');
    await ann.message('a nuisance').waitFor();
    await ann.page.getByLabel('Message', { exact: true }).fill('unsent');
    await ann.page.getByRole('heading', { name: 'Bob' }).getByRole('button').click();
    await ann.page.getByRole('button', { name: 'Block' }).click();
    await ann.page.getByRole('button', { name: 'Block' }).click();
    await ann.page.keyboard.press('Escape');
    const line = ann.page.locator('.blocked-line');
    await line.getByText('You have blocked Bob.').waitFor();
    expect(await ann.page.getByLabel('Message', { exact: true }).count()).toBe(0);
    await bob.page.getByRole('heading', { name: 'Chat not found' }).waitFor();
    await ann.message('a nuisance').hover();
    await ann.message('a nuisance').getByRole('button', { name: 'Report' }).waitFor();
    expect(await ann.message('a nuisance').getByRole('button', { name: 'Reply' }).count()).toBe(0);
    await stage.picture(ann, 'blocked');
    await ann.page.reload();
    await line.getByRole('button', { name: 'Unblock' }).click();
    expect(await ann.page.getByLabel('Message', { exact: true }).inputValue()).toBe('unsent');
    await rowOf(bob, 'Ann').waitFor();
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });
});
