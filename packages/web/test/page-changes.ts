import type { Visitor } from './browser.js';
import { inChromium, stage } from './stage.js';

const composerOf = ({ page }: Visitor) => page.getByLabel('Message', { exact: true });
const toolsOf = (visitor: Visitor, text: string) => visitor.message(text).getByRole('toolbar').getByRole('button');

inChromium('messages and changes', () => {
  test('offers only the action Reply in a room without message history', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('forgetful', { retention: 'nothing' });
    await ann.say('gone soon');
    await ann.page.getByTitle('Sent').waitFor();
    await ann.message('gone soon').hover();
    expect(await toolsOf(ann, 'gone soon').evaluateAll((all) => all.map((one) => one.getAttribute('title')))).toEqual([
      'Reply',
    ]);
    await composerOf(ann).press('ArrowUp');
    expect(await ann.page.getByText('Editing').count()).toBe(0);
    expect(ann.complaints).toEqual([]);
  });

  test('shows why the server rejected a change, which can be retried or discarded', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('refused');
    await ann.say('mine');
    await ann.page.getByTitle('Sent').waitFor();
    const { id } = await stage.trio.people.make(stage.userId('other'));
    const ofOther = `UPDATE chat.message SET sender_id = $1 WHERE channel_id = (SELECT id FROM chat.channel WHERE name = 'refused')`;
    await stage.trio.people.sql(ofOther, [id]);
    await composerOf(ann).press('ArrowUp');
    await ann.editing();
    await ann.say('changed');
    await ann.page.getByText(/^The edit was not saved\./).waitFor();
    await stage.picture(ann, 'refused-edit');
    await ann.page.getByRole('button', { name: 'Try again' }).click();
    await ann.page.getByText(/^The edit was not saved\./).waitFor();
    await ann.page.reload();
    await ann.page.getByText(/^The edit was not saved\./).waitFor();
    await ann.page.getByText('changed', { exact: false }).first().waitFor();
    await ann.page.getByRole('button', { name: 'Discard' }).click();
    await ann.page.getByText(/^The edit was not saved\./).waitFor({ state: 'detached' });
    expect(ann.complaints).toEqual([]);
  });

  test('does not send a text that is too long, and shows the excess in bytes', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('long texts');
    await composerOf(ann).fill('é'.repeat(3_000));
    await ann.page.getByText('1,904 bytes too long', { exact: false }).waitFor();
    await composerOf(ann).press('Enter');
    expect((await composerOf(ann).inputValue()).length).toBe(3_000);
    expect(await ann.page.locator('.message').count()).toBe(0);
    await stage.picture(ann, 'too-long');
    await composerOf(ann).fill('é'.repeat(2_048));
    await composerOf(ann).press('Enter');
    await ann.page.getByTitle('Sent').waitFor();
    await composerOf(ann).fill('x'.repeat(20_000));
    expect((await composerOf(ann).inputValue()).length).toBe(20_000);
    expect(ann.complaints).toEqual([]);
  });

  test('keeps the indentation of a message', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('indented');
    await ann.say('\n  if (a)\n    b();\n');
    await ann.page.getByTitle('Sent').waitFor();
    expect(await ann.page.locator('.message .text').textContent()).toBe('  if (a)\n    b();');
  });

  test('does not send on the Enter that confirms a word of an input method', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('input method');
    await composerOf(ann).fill('にほん');
    await composerOf(ann).dispatchEvent('keydown', { key: 'Enter', keyCode: 229, isComposing: false, bubbles: true });
    await composerOf(ann).dispatchEvent('compositionend', {});
    expect([await composerOf(ann).inputValue(), await ann.page.locator('.message').count()]).toEqual(['にほん', 0]);
  });

  test('closes the reaction picker on Escape and on a click elsewhere', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('picker');
    await ann.say('hm');
    await ann.page.getByTitle('Sent').waitFor();
    const open = async () => {
      await ann.message('hm').hover();
      await ann.message('hm').getByRole('button', { name: 'React', exact: true }).click();
      await ann.page.getByRole('button', { name: 'React with 👍' }).waitFor();
    };
    const closed = () => ann.page.getByRole('button', { name: 'React with 👍' }).waitFor({ state: 'detached' });
    await open();
    await ann.page.keyboard.press('Escape');
    await closed();
    await open();
    await composerOf(ann).click();
    await closed();
    expect(ann.complaints).toEqual([]);
  });
});
