import { until } from '@parley/testkit';
import type { Visitor } from './browser.js';
import { createChat, openChat, rowOf, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

/** Returns the texts of the messages whose toolbars are visible, and the distances of these from the top of the list. */
function toolbarsOf({ page }: Visitor): Promise<{ text: string; top: number }[]> {
  return page.locator('.messages').evaluate((list) =>
    [...list.querySelectorAll('.actions')].flatMap((tools) => {
      const { visibility, opacity } = getComputedStyle(tools.parentElement ?? tools);
      if (visibility !== 'visible' || opacity === '0') return [];
      const text = tools.closest('.message')?.querySelector('.text')?.textContent ?? '';
      return [{ text, top: tools.getBoundingClientRect().top - list.getBoundingClientRect().top }];
    }),
  );
}

/** Waits until one toolbar is visible, that of a message. */
const onlyToolbar = (visitor: Visitor, text: string) =>
  until(async () => {
    const [first, ...others] = await toolbarsOf(visitor);
    return first?.text.startsWith(text) === true && others.length === 0;
  });

inChromium('the keyboard and the toolbars of messages', () => {
  test('the toolbar of a message stays in view, and only one message has one', async () => {
    const ann = await stage.somebody('Ann');
    const { page } = ann;
    const { client, id } = await stage.host({ name: 'tools', kind: 3, retention: { everything: true } });
    await client.members.add(id, await userIdOf(ann));
    const chat = await client.listen(id);
    for (let k = 1; k <= 40; k++) await chat.send(`line ${k}`);
    await rowOf(ann, 'tools').click();
    const [focused, hovered] = [ann.message('line 39'), ann.message('line 35')];
    await ann.message('line 40').focus();
    await page.keyboard.press('ArrowUp');
    await ann.focused(focused);
    await onlyToolbar(ann, 'line 39');
    await hovered.hover();
    await onlyToolbar(ann, 'line 35');
    await page.keyboard.press('ArrowUp');
    await onlyToolbar(ann, 'line 38');
    const end = () =>
      page.locator('.messages').evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight);
    expect(await end()).toBeLessThanOrEqual(1); // The place of the last toolbar makes the list no longer.
    await page.mouse.wheel(0, -200);
    await until(async () => (await end()) > 100);
    const place = await page.locator('.messages').evaluate((list) => {
      const top = list.getBoundingClientRect().top;
      const cut = [...list.querySelectorAll('.message')].find((one) => {
        const { bottom } = one.getBoundingClientRect();
        return bottom > top + 4 && bottom < top + 40;
      });
      const { left, bottom } = (cut ?? list).getBoundingClientRect();
      return { x: left + 40, y: bottom - 3 };
    });
    await page.mouse.move(place.x, place.y - 1);
    await page.mouse.move(place.x, place.y);
    await until(async () => (await toolbarsOf(ann)).length === 1);
    await stage.picture(ann, 'toolbar-at-the-top');
    expect((await toolbarsOf(ann))[0]?.top).toBeGreaterThanOrEqual(0);
    expect(ann.complaints).toEqual([]);
    await chat.leave();
  });

  test('what is typed right after a change of chat arrives in its field, after the draft', async () => {
    const ann = await stage.somebody('Ann');
    const { page } = ann;
    const field = page.getByLabel('Message', { exact: true });
    await createChat(ann, 'Group', 'first');
    await createChat(ann, 'Group', 'second');
    await openChat(ann, 'first');
    await field.fill('kept ');
    await ann.keeps('kept ', true);
    await openChat(ann, 'second');
    await page.reload();
    await ann.focused(field);
    await page.keyboard.press('Alt+ArrowDown');
    await page.keyboard.type('hello');
    await ann.headingOf('first').waitFor();
    await until(async () => (await field.inputValue()) === 'kept hello');
    await ann.keeps('kept hello', true);
    await page.keyboard.press('Alt+ArrowDown');
    await ann.headingOf('second').waitFor();
    await ann.focused(field);
    expect(await field.inputValue()).toBe('');
    expect(ann.complaints).toEqual([]);
  });
});
