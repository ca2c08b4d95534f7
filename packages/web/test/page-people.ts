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
});
