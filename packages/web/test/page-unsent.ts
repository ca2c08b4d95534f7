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
    await ann.enter('left early'); // Calls stay blocked: Chromium would let the held ones through, and the server would process them.
    expect([await ann.page.locator('.message').count(), ann.complaints]).toEqual([0, []]);
  });

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
  });

  test('asks before the page closes, but only if a text is unsent', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('closing');
    const asked: string[] = [];
    ann.page.on('dialog', (dialog) => {
      asked.push(dialog.type());
      dialog.accept();
    });
    await ann.page.getByLabel('Message', { exact: true }).pressSequentially('half a th');
    await ann.page.reload();
    expect(asked).toEqual(['beforeunload']);
    await ann.live();
    await ann.page.getByLabel('Message', { exact: true }).fill('');
    await ann.page.reload();
    expect([asked, ann.complaints]).toEqual([['beforeunload'], []]);
  });

  test('reports once that the browser stores nothing, and keeps working', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('full disk');
    await ann.page.evaluate(() => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException('no space', 'QuotaExceededError');
      };
    });
    await ann.say('still said');
    const notice = ann.page.getByRole('alert').getByText('This browser cannot store messages', { exact: false });
    await notice.waitFor();
    await stage.picture(ann, 'unsaved');
    await ann.page.getByRole('button', { name: 'OK' }).click();
    await notice.waitFor({ state: 'detached' });
    await ann.say('said again');
    await ann.message('said again').waitFor();
    await ann.page.getByTitle('Sent').waitFor();
    expect([await notice.count(), ann.complaints]).toEqual([0, []]);
  });

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
