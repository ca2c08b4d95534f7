import { until } from '@parley/testkit';
import type { Visitor } from './browser.js';
import { rowOf, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

/** Adds people with no password to a chat. Their ids are `<chat>-<number>`. */
async function crowd(channelId: number, people: number): Promise<void> {
  await stage.trio.people.sql(
    `WITH people AS (INSERT INTO chat.users (id, name, password_hash)
       SELECT $1::int || '-' || lpad(n::text, 5, '0'), 'Person ' || n, '!' FROM generate_series(1, $2::int) n RETURNING id)
     INSERT INTO chat.member (channel_id, user_id, joined_seq) SELECT $1, id, 0 FROM people`,
    [channelId, people],
  );
}

/** Puts a user into many groups. Their names are `<name> <number>`. */
async function manyGroups(userId: string, name: string, groups: number): Promise<void> {
  await stage.trio.people.sql(
    `WITH groups AS (INSERT INTO chat.channel (name, owner_id, kind, user_limit)
       SELECT $2 || ' ' || n, $1, 'group', 10 FROM generate_series(1, $3::int) n RETURNING id)
     INSERT INTO chat.member (channel_id, user_id, joined_seq) SELECT id, $1, 0 FROM groups ON CONFLICT DO NOTHING`,
    [userId, name, groups],
  );
}

/** What a page does before the list of chats is painted. */
interface FirstPaint {
  readonly rows: number;
  readonly transactions: number;
}

/** Runs in the page. Notes what it does before the first rows of the list. */
function watchFirstPaint(): void {
  let transactions = 0;
  const open = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (...args: Parameters<typeof open>) {
    transactions += 1;
    return open.apply(this, args);
  };
  new MutationObserver((_, observer) => {
    const rows = document.querySelectorAll('a.chat').length;
    if (rows === 0) return;
    observer.disconnect();
    Object.assign(window, { firstPaint: { rows, transactions } });
  }).observe(document, { childList: true, subtree: true });
}

/** The parts of a fiber of React that `watchRenders` reads. */
interface Fiber {
  readonly tag: number;
  readonly flags: number;
  readonly child: Fiber | null;
  readonly sibling: Fiber | null;
  readonly alternate: Fiber | null;
  readonly stateNode: unknown;
}

/** Numbers of components that were rendered. */
interface Renders {
  all: number;
  ofMessages: number;
}

/** Runs in the page. Counts the components that React renders, as its developer tools do. */
function watchRenders(): void {
  const renders: Renders = { all: 0, ofMessages: 0 };
  const components = [0, 1, 11, 14, 15]; // Tags of functions, classes, forwarded references and memos.
  const performedWork = 1;
  const count = (now: Fiber, before: Fiber | null, inMessages: boolean) => {
    if (components.includes(now.tag) && (before === null || (now.flags & performedWork) !== 0)) {
      renders.all += 1;
      if (inMessages) renders.ofMessages += 1;
    }
    if (before !== null && now.child === before.child) return;
    const isMessages = now.stateNode instanceof Element && now.stateNode.matches('.messages');
    for (let child = now.child; child !== null; child = child.sibling)
      count(child, before === null ? null : child.alternate, inMessages || isMessages);
  };
  const onCommitFiberRoot = (_: unknown, { current }: { current: Fiber }) => count(current, current.alternate, false);
  const hook = { supportsFiber: true, inject: () => 1, onCommitFiberRoot, onCommitFiberUnmount: () => {} };
  Object.assign(window, { renders, __REACT_DEVTOOLS_GLOBAL_HOOK__: hook });
}

const rendersOf = ({ page }: Visitor): Promise<Renders> =>
  page.evaluate(() => ({ ...(window as unknown as { renders: Renders }).renders }));

/** Returns the renders once everything that follows the start of the page is over. */
async function settledRendersOf(visitor: Visitor): Promise<Renders> {
  for (let before = await rendersOf(visitor); ; ) {
    await visitor.page.waitForTimeout(1_000);
    const now = await rendersOf(visitor);
    if (now.ofMessages === before.ofMessages) return now;
    before = now;
  }
}

inChromium('what grows large', () => {
  test('the members of a large chat are loaded as one scrolls, and only the visible ones are rendered', async () => {
    const ann = await stage.somebody('Ann');
    const { client, id } = await stage.host({ name: 'crowd', kind: 3, limit: 1_000 });
    await client.members.add(id, await userIdOf(ann));
    await crowd(id, 950);
    await rowOf(ann, 'crowd').click();
    await ann.page.getByRole('button', { name: /members? \(show list\)/ }).click();
    const list = ann.page.getByRole('dialog').locator('.members');
    const rows = list.getByRole('listitem');
    await rows.first().waitFor();
    expect(ann.count('ListMembers')).toBe(1);
    let mostRows = 0;
    const goesOn = async () => {
      mostRows = Math.max(mostRows, await rows.count());
      await list.evaluate((place) => place.scrollTo(0, place.scrollHeight));
      return (await ann.page.getByText(`${id}-00950`, { exact: true }).count()) > 0;
    };
    await until(goesOn);
    expect(mostRows).toBeLessThan(40);
    expect(ann.count('ListMembers')).toBe(10);
    expect(ann.complaints).toEqual([]);
  });

  test('of a long list of chats, the page first paints the top from its cache, after four reads', async () => {
    const ann = await stage.somebody('Ann');
    await manyGroups(await userIdOf(ann), 'group', 60);
    await ann.page.reload();
    await rowOf(ann, 'group 60').waitFor();
    await ann.keeps('group 60', true);
    await ann.page.addInitScript(watchFirstPaint);
    await ann.page.reload();
    await rowOf(ann, 'group 60').waitFor();
    await until(async () => (await ann.page.locator('a.chat').count()) === 60);
    const { rows, transactions } = await ann.page.evaluate(
      () => (window as unknown as { firstPaint: FirstPaint }).firstPaint,
    );
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThanOrEqual(25);
    expect(transactions).toBeLessThanOrEqual(4);
    expect(ann.complaints).toEqual([]);
  });

  test('neither typing, other chats nor the list of rooms renders the messages of a chat again', async () => {
    const ann = await stage.somebody('Ann');
    await ann.page.addInitScript(watchRenders);
    const hosts = await Promise.all(
      ['written in', 'busy'].map((name) => stage.host({ name, kind: 3, retention: { everything: true } })),
    );
    for (const { id, client } of hosts) await client.members.add(id, await userIdOf(ann));
    const [chat, otherChat] = await Promise.all(hosts.map(({ client, id }) => client.listen(id)));
    for (let k = 1; k <= 30; k++) await chat?.send(`line ${k}`);
    await ann.page.reload();
    await rowOf(ann, 'written in').click();
    await ann.message('line 30').waitFor();
    const field = ann.page.getByLabel('Message', { exact: true });
    await field.pressSequentially('first '); // Loads what the first key needs.
    await ann.keeps('first ', true);
    await rowOf(ann, 'busy').waitFor();
    const keys = 20;
    let round = 0;
    const rendersOfOneRound = async () => {
      round += 1;
      const before = await settledRendersOf(ann);
      await field.pressSequentially('x'.repeat(keys));
      const after = await rendersOf(ann);
      const polled = ann.count('ListChannels') + 2;
      await ann.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
      await otherChat?.send(`said elsewhere ${round}`);
      await until(() => ann.count('ListChannels') > polled); // The lists have been shown that the page asked for.
      await rowOf(ann, 'busy').getByText(`said elsewhere ${round}`).waitFor();
      return {
        perKey: (after.all - before.all) / keys,
        ofMessages: (await rendersOf(ann)).ofMessages - before.ofMessages,
      };
    };
    // A late mark of the chat itself may render it in one round; a fault renders it in every round.
    await until(async () => {
      const { perKey, ofMessages } = await rendersOfOneRound();
      return perKey < 40 && ofMessages === 0;
    });
    expect(ann.complaints).toEqual([]);
    for (const one of [chat, otherChat]) await one?.leave();
  });
});
