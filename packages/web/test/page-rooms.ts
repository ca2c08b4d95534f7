import { until } from '@parley/testkit';
import type { Visitor } from './browser.js';
import { inChromium, stage } from './stage.js';

const composerOf = ({ page }: Visitor) => page.getByLabel('Message', { exact: true });
const phone = { width: 360, height: 740 };

inChromium('the list of rooms', () => {
  test('counts the first message in an empty room as unread, and polls for changes only', async () => {
    const { id } = await stage.host({ name: 'vacant', retention: { everything: true } });
    const ann = await stage.somebody('Ann');
    await ann.enter('vacant');
    await ann.keeps('"place":{', true); // The position is stored a moment later.
    await ann.make('another');
    const eve = await stage.native('vacant');
    await eve.send('the first');
    await ann.page.getByRole('link', { name: /vacant.*1 unread/s }).waitFor();
    const asked = [ann.count('History'), ann.count('List')];
    const answers: number[] = [];
    ann.page.on('response', async (response) => {
      if (response.url().endsWith('/ListChannels')) answers.push((await response.body().catch(() => '')).length);
    });
    const areIdsOnly = () => answers.length >= 4 && Math.max(...answers.slice(-2)) < 400;
    while (!areIdsOnly()) await ann.page.waitForTimeout(200); // Users of earlier tests may still leave their rooms.
    expect([ann.count('History'), ann.count('List')]).toEqual(asked);
    await eve.send('the second');
    await ann.page.getByRole('link', { name: /vacant.*2 unread/s }).waitFor();
    expect([id > 0, ann.complaints]).toEqual([true, []]);
  });

  test("lists the user's own rooms first, then the most active public ones, page by page", async () => {
    const hosts = await Promise.all([1, 2, 3, 4, 5, 6].map((k) => stage.host({ name: `strange ${k}` })));
    const names = Array.from({ length: 16 }, (_, k) => `more ${k}`);
    for (const { client } of hosts) for (const name of names) await client.create({ name, limit: 10 });
    const ann = await stage.somebody('Ann');
    await ann.make('my own');
    const links = ann.page.getByRole('navigation').getByRole('link');
    await ann.page.getByRole('button', { name: 'Show more' }).waitFor();
    expect(await links.first().textContent()).toMatch(/^my own/);
    const before = await links.count();
    await ann.page.getByRole('button', { name: 'Show more' }).click();
    await ann.page.getByRole('button', { name: 'Show more' }).waitFor({ state: 'detached' });
    expect(await links.count()).toBeGreaterThan(before);
    expect(before).toBeLessThanOrEqual(101);
    await stage.picture(ann, 'many-rooms');
    expect(ann.complaints).toEqual([]);
  });

  test.each(['#room-9999', '#room-0', '#room-abc', '#room-99999999999'])(
    'shows that the room of %s was not found',
    async (hash) => {
      const ann = await stage.somebody('Ann');
      await ann.page.goto(`${stage.url}/${hash}`);
      await ann.page.getByRole('heading', { name: 'Room not found' }).waitFor();
      await stage.picture(ann, 'no-such-room');
      expect(await ann.page.getByRole('button', { name: 'Rejoin here' }).count()).toBe(0);
      await ann.page.getByRole('link', { name: 'All rooms' }).click();
      await ann.page.getByRole('heading', { name: 'Choose a chat or room' }).waitFor();
      expect(ann.complaints).toEqual([]);
    },
  );

  test('tells users who are not members that a private channel was not found, and offers them nothing', async () => {
    const { id } = await stage.host({ name: 'members only', kind: 5 });
    const ann = await stage.somebody('Ann');
    await ann.page.goto(`${stage.url}/#chat-${id}`);
    await ann.page.getByRole('heading', { name: 'Chat not found' }).waitFor();
    await ann.page.getByText(/you are not a member/).waitFor();
    expect(await ann.page.getByRole('button', { name: 'Join' }).count()).toBe(0);
    expect(await composerOf(ann).count()).toBe(0);
    await stage.picture(ann, 'members-only');
  });

  test('shows the history of a full room', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('full house', { limit: 1 });
    await ann.say('read from outside');
    await ann.page.getByTitle('Sent').waitFor();
    const bob = await stage.somebody('Bob');
    await bob.page.getByRole('link', { name: 'full house' }).click();
    await bob.page.getByText(/The room is full; trying/).waitFor();
    await bob.message('read from outside').waitFor();
    await ann.say('one more');
    await ann.message('one more').getByTitle('Sent').waitFor(); // Otherwise leaving would open a dialog.
    await ann.page.getByRole('button', { name: 'Leave room' }).click();
    await bob.live();
    await bob.message('one more').waitFor();
    expect(await bob.texts()).toEqual(['read from outside', 'one more']);
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('shows at once that the device is offline, and reconnects with the network', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('tunnel');
    await ann.page.context().setOffline(true);
    await ann.page
      .getByText(/^You are offline/)
      .first()
      .waitFor();
    await stage.picture(ann, 'no-network');
    await ann.page.context().setOffline(false);
    await ann.live();
    await ann.page.evaluate(() => {
      addEventListener('click', () => (document.documentElement.dataset.clicked = 'yes'), { capture: true });
    });
    // Calls are blocked until the click. Otherwise the page's own retries would remove the button
    // before it.
    await ann.page.route('**/chat.v1.ChannelService/Listen', async (route) => {
      const isOpen = await ann.page.evaluate(() => document.documentElement.dataset.clicked !== undefined);
      await (isOpen ? route.continue() : route.abort());
    });
    await ann.page.evaluate(() => dispatchEvent(new Event('online')));
    await ann.link('waiting').waitFor();
    await ann.page.getByRole('button', { name: 'Try now' }).click();
    await ann.live();
    expect(ann.complaints).toEqual([]);
  });

  test('shows that slow mode delays a message, and sends it when slow mode ends', async () => {
    const host = await stage.host({ name: 'slow', retention: { everything: true } });
    await host.update({ slowModeS: 3_600 });
    const ann = await stage.somebody('Ann');
    await ann.enter('slow');
    await ann.say('the first');
    await ann.page.getByTitle('Sent').waitFor();
    await ann.say('the second');
    await ann.page.getByText(/^Waiting until .*This room is in slow mode\./).waitFor();
    await stage.picture(ann, 'slow-mode');
    await host.update({ slowModeS: 0 });
    await ann.page.getByText(/^Waiting until/).waitFor({ state: 'detached' });
    await ann.message('the second').getByTitle('Sent').waitFor();
    expect(ann.complaints).toEqual([]);
  });

  test('tells a muted user when the mute ends', async () => {
    const host = await stage.host({ name: 'quiet', retention: { everything: true } });
    const ann = await stage.somebody('Ann');
    await ann.enter('quiet');
    await ann.say('hello');
    await ann.page.getByTitle('Sent').waitFor();
    const userId = (await ann.page.locator('.side-foot p > span').textContent()) ?? '';
    await host.change({ userId, muteUntil: Date.now() + 3_600_000 });
    const refused = ann.page.getByText(/^Not sent\. You are muted here until /);
    let text = '';
    for (let tries = 1; (await refused.count()) === 0; tries++) {
      await ann.page.waitForTimeout(500); // A mute reaches users who are inside after a second or two.
      text = `may I? ${tries}`;
      await ann.say(text);
      await ann.message(text).getByTitle('Sent').or(refused).first().waitFor();
    }
    await stage.picture(ann, 'muted');
    await host.change({ userId, muteUntil: 0 });
    await until(async () => {
      await ann.page
        .getByRole('button', { name: 'Send again' })
        .click({ timeout: 1_000 })
        .catch(() => {});
      return (await ann.message(text).getByTitle('Sent').count()) === 1;
    });
    expect(ann.complaints).toEqual([]);
  });

  test('keeps every row in place while the list has the focus, so that Enter opens the focused room', async () => {
    const { id } = await stage.host({ name: 'row-c' });
    for (const name of ['row-b', 'row-a']) await stage.host({ name });
    const ann = await stage.somebody('Ann');
    const rows = () => ann.page.locator('.rooms .room-name bdi').allTextContents();
    const focused = () => ann.page.evaluate(() => document.activeElement?.textContent);
    await ann.page.getByRole('link', { name: /^row-c ?: 0/ }).waitFor();
    for (let k = 0; k < 200 && !(await focused())?.startsWith('row-b'); k++) await ann.page.keyboard.press('Tab');
    const before = await rows();
    await stage.trio.people.sql('UPDATE chat.listing SET active_at = now() WHERE channel_id = $1', [id]);
    await stage.host({ name: 'row-new' });
    await ann.page.getByRole('link', { name: /^row-new/ }).waitFor();
    expect((await rows()).slice(0, before.length)).toEqual(before);
    expect(await focused()).toMatch(/^row-b/);
    await ann.page.keyboard.press('Enter');
    await ann.page.getByRole('heading', { level: 2, name: 'row-b' }).waitFor();
    await composerOf(ann).focus();
    const isFirst = (name: string) => document.querySelector('.rooms .room-name bdi')?.textContent === name;
    await ann.page.waitForFunction(isFirst, 'row-new');
    expect((await rows()).slice(0, 2)).toEqual(['row-new', 'row-c']);
    expect(ann.complaints).toEqual([]);
  });

  test('tells a banned user when the ban ends, when they are removed and when they try to enter', async () => {
    const host = await stage.host({ name: 'strict' });
    const ann = await stage.somebody('Ann');
    const userId = (await ann.page.locator('.side-foot p > span').textContent()) ?? '';
    await ann.enter('strict');
    await host.change({ userId, banUntil: Date.now() + 3_600_000 });
    const words = ann.page.getByText(/^You are banned from this room until .*\d:\d\d/).first();
    await words.waitFor();
    await ann.page.reload();
    await words.waitFor();
    await stage.picture(ann, 'banned');
    expect(await ann.page.getByRole('button', { name: 'Rejoin here' }).count()).toBe(0);
    expect(ann.complaints).toEqual([]);
  });

  test('stays in the room when the user goes back to the list on a phone', async () => {
    const ann = await stage.somebody('Ann');
    await ann.page.setViewportSize(phone);
    await ann.make('pocket');
    const eve = await stage.native('pocket');
    await ann.page.getByRole('link', { name: 'All rooms' }).click();
    await ann.page.getByRole('link', { name: /^pocket/ }).waitFor();
    await ann.page.getByRole('complementary', { name: 'Live room' }).getByText('In pocket').waitFor();
    await eve.send('still with us?');
    await ann.page.getByRole('link', { name: /^pocket ?: 2 of 10 people, 1 unread, / }).waitFor();
    await stage.picture(ann, 'phone-list');
    await ann.page.getByRole('link', { name: /^pocket/ }).click();
    await ann.message('still with us?').waitFor();
    expect([ann.streams, ...ann.complaints]).toEqual([1]);
  });
});
