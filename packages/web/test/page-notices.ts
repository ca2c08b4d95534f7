import { unnamedControls } from './accessibility.js';
import type { Visitor } from './browser.js';
import { inChromium, stage } from './stage.js';

const idOf = async ({ page }: Visitor) => (await page.locator('.side-foot p > span').textContent()) ?? '';
const scrolledSideways = ({ page }: Visitor) =>
  page.evaluate(() => {
    scrollTo(50, 0);
    return Math.max(scrollX, document.documentElement.scrollLeft);
  });

inChromium('notices in a room', () => {
  test('shows new roles, removals and mentions', async () => {
    const host = await stage.host({ name: 'club', kind: 3, retention: { everything: true } });
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    const [annId, bobId] = [await idOf(ann), await idOf(bob)];
    await host.client.members.addAll(host.id, [annId, bobId]);
    await ann.enter('club');
    await ann.page.getByText(/^(Ann and Bob|Bob and Ann) are now members$/).waitFor();
    await host.change({ userId: bobId, role: 2 });
    await ann.page.getByText('Bob is now an admin').waitFor();
    await host.change({ userId: bobId, role: 1 });
    await ann.page.getByText('Bob is now a member').waitFor();
    await host.change({ userId: bobId, remove: true });
    await ann.page.getByText(/^Bob was removed by host/).waitFor();
    const owner = await host.client.listen(host.id);
    await owner.send('hello, Ann', { mentions: [annId] });
    await owner.leave();
    await ann.message('hello, Ann').getByText('Mentions you').waitFor();
    await stage.picture(ann, 'notices');
    expect(ann.complaints).toEqual([]);
  });

  test('shows a direct chat under the name of the other user', async () => {
    const ann = await stage.somebody('Ann');
    const friend = await stage.openDirect(await idOf(ann));
    await ann.page.getByRole('link', { name: `${friend} (Direct chat` }).click();
    await ann.live();
    await ann.page.getByRole('heading', { level: 2, name: friend }).waitFor();
    await stage.picture(ann, 'direct');
    expect(ann.complaints).toEqual([]);
  });

  test('announces a pin, with a link to the message', async () => {
    const host = await stage.host({ name: 'pinboard', retention: { everything: true } });
    const ann = await stage.somebody('Ann');
    await ann.enter('pinboard');
    const owner = await host.client.listen(host.id);
    const { seq } = await owner.send('the rules');
    for (let k = 1; k <= 60; k++) await owner.send(`line ${k}`);
    await owner.pin(seq);
    await ann.page.getByText(/ pinned /).waitFor();
    expect(await ann.page.locator('.message[tabindex="0"]').count()).toBe(1); // The Tab key reaches the last message.
    await ann.page.getByRole('button', { name: 'a message' }).click();
    await ann.message('the rules').waitFor();
    while (!(await ann.message('the rules').evaluate((message) => message === document.activeElement)))
      await ann.page.waitForTimeout(50);
    expect(await ann.page.locator('.message[tabindex="0"]').count()).toBe(1); // Also far from the last message.
    expect(await ann.page.evaluate(unnamedControls)).toEqual([]);
    await owner.leave();
    expect(ann.complaints).toEqual([]);
  });

  test('tells rooms of the same name apart, without sideways scrolling on a phone', async () => {
    const [first, second] = [await stage.host({ name: 'twins' }), await stage.host({ name: 'Twins' })];
    const ann = await stage.somebody('Ann');
    await ann.page.setViewportSize({ width: 360, height: 740 });
    for (const { id } of [first, second])
      await ann.page.getByRole('link', { name: new RegExp(`^twins ?: .*, Room ${id} by host-`, 'i') }).waitFor();
    expect(await scrolledSideways(ann)).toBe(0);
    await ann.page.getByRole('link', { name: `Room ${second.id} by` }).click();
    await ann.live();
    await ann.page.getByRole('banner').or(ann.page.locator('.room-head')).getByText(`Room ${second.id} by`).waitFor();
    await stage.picture(ann, 'twins');
    expect(await scrolledSideways(ann)).toBe(0);
    expect(ann.complaints).toEqual([]);
  });
});
