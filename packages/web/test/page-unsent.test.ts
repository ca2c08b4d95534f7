import type { Visitor } from './browser.js';
import { inChromium, stage } from './stage.js';

const sendCall = '**/chat.v1.ChatService/Send';

/** Opens a room in which the server never answers messages. */
async function stuck(room: string): Promise<Visitor> {
  const ann = await stage.somebody('Ann');
  await ann.make(room);
  await ann.page.route(sendCall, () => {});
  await ann.say('one of two');
  await ann.say('two of two');
  await ann.page.getByTitle('Sending').nth(1).waitFor();
  return ann;
}

const leave = ({ page }: Visitor) => page.getByRole('button', { name: 'Leave room' }).click();
const choose = ({ page }: Visitor, name: string) => page.getByRole('dialog').getByRole('button', { name }).click();

inChromium('unsent messages', () => {
  test('asks before leaving the room, and keeps or discards unsent messages', async () => {
    const ann = await stuck('left early');
    await leave(ann);
    await ann.page.getByText('2 messages have not been sent', { exact: false }).waitFor();
    await stage.picture(ann, 'leave-unsent');
    await choose(ann, 'Stay');
    await ann.message('two of two').waitFor();
    await leave(ann);
    await choose(ann, 'Leave anyway');
    await ann.page.getByRole('link', { name: /left early.*2 not sent/s }).waitFor();
    await stage.picture(ann, 'not-sent');
    await ann.enter('left early');
    await ann.message('one of two').waitFor();
    await leave(ann);
    await choose(ann, 'Discard and leave');
    await ann.page.getByText('2 not sent').waitFor({ state: 'detached' });
    await ann.enter('left early'); // calls stay blocked: Chromium would let the held ones through, and a server cannot unsend
    expect([await ann.page.locator('.message').count(), ann.complaints]).toEqual([0, []]);
  }, 60_000);

  test('shows the unsent count in the list after switching rooms and a reload, until all is sent', async () => {
    const ann = await stuck('switched');
    await ann.make('other room');
    await ann.page.getByRole('link', { name: /switched.*2 not sent/s }).waitFor();
    await ann.page.reload();
    await ann.page.getByRole('link', { name: /switched.*2 not sent/s }).waitFor();
    await ann.page.unroute(sendCall);
    await ann.enter('switched');
    await ann.page.getByTitle('Sending').first().waitFor({ state: 'detached' });
    await ann.page.getByText('2 not sent').waitFor({ state: 'detached' });
    expect([await ann.texts(), ann.complaints]).toEqual([['one of two', 'two of two'], []]);
  }, 60_000);

  test('says what was lost when the server ends the session', async () => {
    const ann = await stuck('ended session');
    const userId = (await ann.page.locator('.side-foot p > span').textContent()) ?? '';
    await stage.trio.people.sql('UPDATE chat.session SET revoked_at = now() WHERE user_id = $1', [userId]);
    await ann.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await ann.page.getByText('2 messages have not been sent', { exact: false }).waitFor();
    await stage.picture(ann, 'session-ended');
    expect(ann.complaints).toEqual([]);
  });
});
