import type { Conversation } from '@parley/client';
import type { Visitor } from './browser.js';
import { inChromium, stage } from './stage.js';

const listOf = ({ page }: Visitor) => page.getByRole('region', { name: 'Messages' });
const pillOf = ({ page }: Visitor) => page.locator('.to-end');
const leftOf = (visitor: Visitor) =>
  listOf(visitor).evaluate((list) => Math.round(list.scrollHeight - list.scrollTop - list.clientHeight));

/** Waits until the list has stopped moving. */
async function still(visitor: Visitor): Promise<void> {
  let before = Number.NaN;
  for (let now = await leftOf(visitor); now !== before; now = await leftOf(visitor)) {
    before = now;
    await visitor.page.waitForTimeout(300);
  }
}

async function atTheEnd(visitor: Visitor): Promise<void> {
  await visitor.page.waitForFunction(() => {
    const list = document.querySelector('.messages');
    return list !== null && Math.round(list.scrollHeight - list.scrollTop - list.clientHeight) === 0;
  });
  await still(visitor);
  expect([await leftOf(visitor), await pillOf(visitor).count()]).toEqual([0, 0]);
}

async function speak(eve: Conversation, count: number): Promise<void> {
  for (let k = 1; k <= count; k++) await eve.send(`line ${k}${' and so on'.repeat((k * 7) % 40)}`);
}

async function reading(room: string, lines: number) {
  const ann = await stage.somebody('Ann');
  await ann.make(room);
  const eve = await stage.native(room);
  await speak(eve, lines);
  await ann.page.getByText(`line ${lines}`, { exact: false }).first().waitFor();
  return { ann, eve };
}

inChromium('the end of the list', () => {
  test('opens a room at the end of the list, without the button that jumps there', async () => {
    const { ann } = await reading('ends', 80);
    await ann.make('other');
    for (let k = 0; k < 4; k++) {
      await ann.enter('ends');
      await ann.page.getByText('line 80', { exact: false }).first().waitFor();
      await atTheEnd(ann);
      await ann.enter('other');
    }
    expect(ann.complaints).toEqual([]);
  });

  test('the button, the wheel and the End key lead to the end of the list, and the button disappears', async () => {
    const { ann } = await reading('reached', 80);
    const { page } = ann;
    await listOf(ann).hover();
    await page.mouse.wheel(0, -900);
    await pillOf(ann).waitFor();
    await still(ann);
    await pillOf(ann).click();
    await atTheEnd(ann);
    await page.mouse.wheel(0, -900);
    await pillOf(ann).waitFor();
    for (let k = 0; k < 20; k++) await page.mouse.wheel(0, 400);
    await atTheEnd(ann);
    await listOf(ann).focus();
    await page.keyboard.press('Home');
    await pillOf(ann).waitFor();
    await still(ann);
    await page.keyboard.press('End');
    await atTheEnd(ann);
    expect(ann.complaints).toEqual([]);
  });

  test.each([300, 120, 1_600])('does not scroll to new messages while the user reads %i px up', async (up) => {
    const { ann, eve } = await reading(`reading ${up}`, 60);
    await still(ann);
    // The list goes back to its end if it renders before it notices that a script has scrolled it.
    for (; (await leftOf(ann)) < up; await still(ann)) {
      await listOf(ann).evaluate((list, by) => {
        list.scrollTop -= by;
      }, up);
    }
    const top = await listOf(ann).evaluate((list) => list.scrollTop);
    await eve.send('said below');
    await ann.page.getByRole('button', { name: 'New messages' }).waitFor();
    await still(ann);
    expect(await leftOf(ann)).toBeGreaterThanOrEqual(up);
    expect(Math.abs((await listOf(ann).evaluate((list) => list.scrollTop)) - top)).toBeLessThan(up);
    expect(ann.complaints).toEqual([]);
  });

  test('the end of the list stays visible while the composer grows and when the window gets lower', async () => {
    const { ann, eve } = await reading('grows', 60);
    await ann.page.getByLabel('Message', { exact: true }).fill('a\n'.repeat(11));
    await atTheEnd(ann);
    await ann.page.getByLabel('Message', { exact: true }).fill('b\n'.repeat(11));
    await atTheEnd(ann);
    await ann.page.setViewportSize({ width: 1_000, height: 420 });
    await atTheEnd(ann);
    await eve.send('and the next');
    await ann.message('and the next').waitFor();
    await atTheEnd(ann);
    expect(ann.complaints).toEqual([]);
  });
});
