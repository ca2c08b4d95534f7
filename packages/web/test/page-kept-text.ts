import type { Visitor } from './browser.js';
import { inChromium, stage } from './stage.js';

const composerOf = ({ page }: Visitor) => page.getByLabel('Message', { exact: true });
const wordsOf = (visitor: Visitor) => composerOf(visitor).inputValue();

async function act(visitor: Visitor, text: string, name: string): Promise<void> {
  await visitor.message(text).hover();
  await visitor.message(text).getByRole('button', { name, exact: true }).click();
}

async function remove(visitor: Visitor, text: string): Promise<void> {
  await act(visitor, text, 'Delete');
  await visitor.page.getByRole('button', { name: 'Delete for everyone' }).click();
}

/** Waits until the composer contains a text. */
async function has({ page }: Visitor, text: string): Promise<void> {
  await page.waitForFunction((words) => document.querySelector('textarea')?.value === words, text);
}

async function saying(room: string, ...texts: string[]): Promise<Visitor> {
  const ann = await stage.somebody('Ann');
  await ann.make(room);
  for (const text of texts) await ann.say(text);
  await ann.page.getByTitle('Sent').waitFor();
  return ann;
}

inChromium('unfinished texts', () => {
  test('if the message was deleted meanwhile, does not send a reply to it until the user decides', async () => {
    const ann = await saying('answers', 'a question');
    const bob = await stage.somebody('Bob');
    await bob.enter('answers');
    await act(bob, 'a question', 'Reply');
    await composerOf(bob).fill('an answer');
    await remove(ann, 'a question');
    await bob.page.getByText('The message you are replying to no longer exists.', { exact: false }).waitFor();
    await stage.picture(bob, 'reply-gone');
    await composerOf(bob).press('Enter');
    expect([await wordsOf(bob), await bob.page.getByRole('button', { name: 'Send' }).isDisabled()]).toEqual([
      'an answer',
      true,
    ]);
    await bob.page.getByRole('button', { name: 'Make it a new message' }).click();
    await composerOf(bob).press('Enter');
    await ann.message('an answer').waitFor();
    expect([await ann.page.locator('blockquote').count(), ann.complaints, bob.complaints]).toEqual([0, [], []]);
  });

  test('keeps the text of an edit, and the draft, if the message is deleted meanwhile', async () => {
    const ann = await saying('edits', 'frist');
    const second = await stage.tabOf(ann);
    await second.message('frist').waitFor();
    await composerOf(ann).fill('half a thought');
    await act(ann, 'frist', 'Edit');
    await ann.editing();
    await composerOf(ann).fill('first, and more');
    await remove(second, 'frist');
    await ann.page.getByText('The message you are editing no longer exists.', { exact: false }).waitFor();
    await composerOf(ann).press('Enter');
    await composerOf(ann).press('Escape');
    expect(await wordsOf(ann)).toBe('first, and more');
    await ann.page.getByRole('button', { name: 'Make it a new message' }).click();
    await has(ann, 'half a thought\nfirst, and more');
    await ann.keeps('half a thought\\nfirst, and more', true); // The stored text is JSON here.
    await ann.keeps('"first, and more', false);
    await ann.page.reload();
    await has(ann, 'half a thought\nfirst, and more');
    expect([ann.complaints, second.complaints]).toEqual([[], []]);
  });

  test('keeps the text of an edit if the message expires meanwhile', async () => {
    await stage.host({ name: 'brief', retention: { seconds: 3_600 } });
    const ann = await stage.somebody('Ann');
    await ann.enter('brief');
    await ann.say('gone soon');
    await ann.page.getByTitle('Sent').waitFor();
    await composerOf(ann).press('ArrowUp');
    await ann.editing();
    await composerOf(ann).fill('a long new text');
    await ann.page.evaluate(() => {
      const now = performance.now.bind(performance);
      performance.now = () => now() + 4_000_000;
    });
    await ann.page.getByText('The message you are editing no longer exists.', { exact: false }).waitFor();
    expect(await wordsOf(ann)).toBe('a long new text');
    await ann.page.getByRole('button', { name: 'Discard text' }).click();
    await has(ann, '');
    expect(ann.complaints).toEqual([]);
  });

  test('starts a second edit with the text of a first edit that is still pending', async () => {
    const ann = await saying('twice', 'one');
    await ann.page.route('**/chat.v1.ChatService/*', () => {}); // The server never responds to it.
    await composerOf(ann).press('ArrowUp');
    await ann.editing();
    await ann.say('one two');
    await ann.message('one two').waitFor();
    await composerOf(ann).press('ArrowUp');
    await ann.page.getByText('Editing:').waitFor();
    expect([await wordsOf(ann), ann.complaints]).toEqual(['one two', []]);
  });

  test('keeps an open edit across rooms and reloads, and asks before signing out', async () => {
    const ann = await saying('kept edit', 'old text');
    await composerOf(ann).press('ArrowUp');
    await ann.editing();
    await composerOf(ann).fill('new text, not saved');
    await ann.make('another');
    await ann.enter('kept edit');
    await ann.page.getByText('Editing:').waitFor();
    await has(ann, 'new text, not saved');
    await ann.page.reload();
    await ann.page.getByText('Editing:').waitFor();
    await has(ann, 'new text, not saved');
    await ann.page.getByRole('button', { name: 'Sign out' }).click();
    await ann.page.getByText('1 draft has not been sent', { exact: false }).waitFor();
    await ann.page.getByRole('button', { name: 'Stay' }).click();
    await composerOf(ann).press('Enter');
    await ann.message('new text, not saved').waitFor();
    await ann.keeps('old text', false);
    expect(ann.complaints).toEqual([]);
  });

  test('keeps a reply after switching rooms and after an edit in between', async () => {
    const ann = await saying('kept reply', 'a question', 'something else');
    await act(ann, 'a question', 'Reply');
    await composerOf(ann).fill('an answer');
    await ann.make('another one');
    await ann.enter('kept reply');
    await ann.page.getByText('Reply to Ann:').waitFor();
    await act(ann, 'something else', 'Edit');
    await ann.editing();
    await ann.say('something different');
    await ann.page.getByText('Reply to Ann:').waitFor();
    await has(ann, 'an answer');
    await composerOf(ann).press('Enter');
    await ann.message('an answer').locator('blockquote', { hasText: 'a question' }).waitFor();
    expect([await ann.page.locator('.intent').count(), ann.complaints]).toEqual([0, []]);
  });
});
