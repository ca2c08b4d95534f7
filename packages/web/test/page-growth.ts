import type { Conversation } from '@parley/client';
import { until } from '@parley/testkit';
import type { Visitor } from './browser.js';
import { createChat, openChat, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

const listOf = ({ page }: Visitor) => page.getByRole('region', { name: 'Messages' });
const leftOf = (visitor: Visitor) =>
  listOf(visitor).evaluate((list) => Math.round(list.scrollHeight - list.scrollTop - list.clientHeight));

/** Waits until the list has not moved for some frames. */
async function still(visitor: Visitor): Promise<void> {
  await listOf(visitor).evaluate(async (list) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const now = () => `${list.scrollHeight} ${list.scrollTop} ${list.clientHeight}`;
    for (let same = 0, before = now(); same < 12; before = now()) {
      await frame();
      same = now() === before ? same + 1 : 0;
    }
  });
}

/** Returns the first message that is wholly visible, and its distance from the top of the list. */
function readingAt(visitor: Visitor): Promise<{ label: string; top: number }> {
  return listOf(visitor).evaluate((list) => {
    const top = list.getBoundingClientRect().top;
    const all = [...list.querySelectorAll('.message')].map((message) => ({
      label: message.querySelector('.text')?.textContent?.slice(0, 12) ?? '',
      top: Math.round(message.getBoundingClientRect().top - top),
    }));
    return all.filter((one) => one.top >= 0).sort((a, b) => a.top - b.top)[0] ?? { label: '', top: 0 };
  });
}

/** Returns the distance of a message from the top of the list. */
function topOf(visitor: Visitor, label: string): Promise<number> {
  return listOf(visitor).evaluate((list, sought) => {
    const found = [...list.querySelectorAll('.message')].find((one) =>
      one.querySelector('.text')?.textContent?.startsWith(sought),
    );
    return Math.round((found?.getBoundingClientRect().top ?? Number.NaN) - list.getBoundingClientRect().top);
  }, label);
}

interface Reading {
  readonly ann: Visitor;
  readonly owner: Conversation;
  /** Seq of each line. */
  readonly seqs: readonly number[];
}

const lineOf = (k: number) => `line ${k}${' and so on'.repeat((k * 7) % 40)}`;

/**
 * Opens a group that has some lines of another user. Ann joins after them, so that the page loads
 * only the latest: it keeps all lines that it receives as they are sent.
 */
async function reading(name: string, lines: number): Promise<Reading> {
  const host = await stage.host({ name, kind: 3, retention: { everything: true } });
  const ann = await stage.somebody('Ann');
  const owner = await host.client.listen(host.id);
  const seqs: number[] = [];
  for (let k = 1; k <= lines; k++) seqs.push((await owner.send(lineOf(k))).seq);
  await host.client.members.add(host.id, await userIdOf(ann));
  await openChat(ann, name);
  await ann.page.locator('.message .text', { hasText: `line ${lines}` }).waitFor();
  await still(ann);
  return { ann, owner, seqs };
}

async function scrollUp(visitor: Visitor, by: number): Promise<void> {
  await listOf(visitor).hover();
  const before = await listOf(visitor).evaluate((list) => list.scrollTop);
  await visitor.page.mouse.wheel(0, -by);
  const moved = (was: number) => was < 1 || document.querySelector('.messages')?.scrollTop !== was;
  await visitor.page.waitForFunction(moved, before); // The wheel turns the list a moment later.
  await visitor.page.locator('.to-end').waitFor();
  await still(visitor);
}

const long = `changed${' to something much longer'.repeat(40)}`;

/** Changes of the list or of the space for it, each with its name. */
const growths: readonly (readonly [string, (reading: Reading) => Promise<unknown>])[] = [
  ['a new message', ({ owner }) => owner.send('one more')],
  ['an edit of the last message', ({ owner, seqs }) => owner.edit(seqs.at(-1) ?? 0, long)],
  ['a reaction', ({ owner, seqs }) => owner.react(seqs.at(-1) ?? 0, '👍')],
  ['a lower window', ({ ann }) => ann.page.setViewportSize({ width: 1280, height: 480 })],
  ['a narrower window', ({ ann }) => ann.page.setViewportSize({ width: 760, height: 720 })],
  ['larger text', ({ ann }) => ann.page.evaluate(() => document.documentElement.style.setProperty('--body', '22px'))],
  [
    'a font that loads late',
    ({ ann }) => ann.page.evaluate(() => document.documentElement.style.setProperty('--sans', 'monospace')),
  ],
  [
    'an image that loads late',
    ({ ann }) =>
      ann.page.evaluate(() => {
        const image = document.createElement('div');
        image.style.height = '180px';
        [...document.querySelectorAll('.message .said')].at(-1)?.append(image);
      }),
  ],
  ['a composer of many lines', ({ ann }) => ann.page.getByLabel('Message', { exact: true }).fill('a\n'.repeat(8))],
];

inChromium('the message list while it grows', () => {
  test.each(growths)('stays at its end after %s', async (what, grow) => {
    const all = await reading(`end, ${what}`, 30);
    expect(await leftOf(all.ann)).toBe(0);
    const before = await listOf(all.ann).evaluate((list) => list.scrollHeight - list.clientHeight);
    await grow(all);
    const changed = (was: number) => {
      const list = document.querySelector('.messages');
      return list !== null && list.scrollHeight - list.clientHeight !== was;
    };
    await all.ann.page.waitForFunction(changed, before);
    await still(all.ann);
    expect([await leftOf(all.ann), await all.ann.page.locator('.to-end').count()]).toEqual([0, 0]);
    expect(all.ann.complaints).toEqual([]);
    await all.owner.leave();
  });

  test.each([
    ...growths,
    ['an edit of a message above', ({ owner, seqs }: Reading) => owner.edit(seqs.at(-28) ?? 0, long)] as const,
    ['an edit far above', ({ owner, seqs }: Reading) => owner.edit(seqs.at(-60) ?? 0, long)] as const,
  ])('moves nothing under a reader after %s', async (what, grow) => {
    const all = await reading(`middle, ${what}`, 70);
    await scrollUp(all.ann, 900);
    const { label, top } = await readingAt(all.ann);
    await grow(all);
    await all.ann.page.waitForTimeout(400); // The page shows no other sign of a change below the reader.
    await still(all.ann);
    expect(Math.abs((await topOf(all.ann, label)) - top)).toBeLessThanOrEqual(2);
    expect(all.ann.complaints).toEqual([]);
    await all.owner.leave();
  });

  test('moves nothing under a reader who scrolls on a slow device, where rows render late', async () => {
    const all = await reading('slow device', 70);
    const session = await all.ann.page.context().newCDPSession(all.ann.page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: 10 });
    await scrollUp(all.ann, 900);
    const { label, top } = await readingAt(all.ann);
    await all.ann.page.setViewportSize({ width: 760, height: 720 });
    const widens = () => (document.querySelector('.messages')?.scrollHeight ?? 0) > 5_500; // Lines wrap more often.
    await all.ann.page.waitForFunction(widens);
    await still(all.ann);
    expect(Math.abs((await topOf(all.ann, label)) - top)).toBeLessThanOrEqual(2);
    await all.owner.leave();
  });

  test('a chat opens with its latest page, and loads older ones only for a reader who scrolls up', async () => {
    const { ann, owner } = await reading('pages', 160);
    expect(ann.count('History')).toBe(1);
    await listOf(ann).press('Home');
    await until(() => ann.count('History') > 1);
    await owner.leave();
  });

  test('moves nothing under a reader while older messages load, even if some have changed', async () => {
    const all = await reading('older', 160);
    await all.owner.edit(all.seqs[60] ?? 0, long);
    for (let k = 0; k < 12; k++) {
      await scrollUp(all.ann, 400);
      const { label, top } = await readingAt(all.ann);
      await all.ann.page.waitForTimeout(100);
      expect([label, Math.abs((await topOf(all.ann, label)) - top)]).toEqual([label, 0]);
    }
    await all.owner.leave();
  });

  test('keeps the position in each chat, and stays at the end of chats that were at their end', async () => {
    const all = await reading('positions', 70);
    await createChat(all.ann, 'Group', 'elsewhere');
    await openChat(all.ann, 'positions');
    await still(all.ann);
    expect(await leftOf(all.ann)).toBe(0);
    await scrollUp(all.ann, 1_200);
    const { label, top } = await readingAt(all.ann);
    await openChat(all.ann, 'elsewhere');
    await all.ann.page.getByRole('heading', { level: 2, name: 'elsewhere' }).waitFor();
    await all.owner.send('meanwhile');
    await openChat(all.ann, 'positions');
    await still(all.ann);
    expect(Math.abs((await topOf(all.ann, label)) - top)).toBeLessThanOrEqual(2);
    await all.ann.page.getByRole('button', { name: 'New messages' }).click();
    await all.ann.message('meanwhile').waitFor();
    expect(all.ann.complaints).toEqual([]);
    await all.owner.leave();
  });

  test('shows the start of a long message that the reader opens at the end', async () => {
    const all = await reading('folded', 30);
    await all.owner.send(`begin ${'word\n'.repeat(200)}end`);
    const fold = all.ann.page.getByRole('button', { name: /Show all/ });
    await fold.waitFor();
    await still(all.ann);
    const place = await fold.boundingBox();
    await fold.click();
    await still(all.ann);
    const text = all.ann.page.locator('.message .text', { hasText: 'begin' });
    expect(await text.textContent()).toContain('end');
    const top = await topOf(all.ann, 'begin');
    await all.ann.page.waitForTimeout(200);
    expect([await topOf(all.ann, 'begin'), (place?.y ?? 0) > 0, (await leftOf(all.ann)) > 1_000]).toEqual([
      top,
      true,
      true,
    ]);
    await all.owner.leave();
  });

  test('a click on a quote leads to the message, even if it is not loaded yet', async () => {
    const all = await reading('quotes', 260);
    const [, second = 0] = all.seqs;
    await all.owner.send('an answer', { replyTo: second });
    await all.ann.message('an answer').getByRole('button', { name: 'In reply to an earlier message' }).click();
    await all.ann.page.waitForFunction(() => document.activeElement?.textContent?.includes('line 2 and'));
    await all.ann.page.locator('.to-end').waitFor();
    expect(all.ann.complaints).toEqual([]);
    await all.owner.leave();
  });
});
