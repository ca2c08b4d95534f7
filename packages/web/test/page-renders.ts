import { until } from '@parley/testkit';
import type { Visitor } from './browser.js';
import { rowOf, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

/** The parts of a fiber of React that `watchMessages` reads. */
interface Fiber {
  readonly tag: number;
  readonly flags: number;
  readonly child: Fiber | null;
  readonly sibling: Fiber | null;
  readonly alternate: Fiber | null;
  readonly stateNode: unknown;
}

/** Runs in the page. Counts how often React renders a message, as its developer tools do. */
function watchMessages(): void {
  const counted = { renders: 0 };
  const components = [0, 14, 15]; // Tags of functions and memos.
  const performedWork = 1;
  const count = (now: Fiber, before: Fiber | null) => {
    const isRendered = components.includes(now.tag) && (before === null || (now.flags & performedWork) !== 0);
    const element = now.child?.stateNode;
    if (isRendered && element instanceof Element && element.matches('.message')) counted.renders += 1;
    if (before !== null && now.child === before.child) return;
    for (let child = now.child; child !== null; child = child.sibling)
      count(child, before === null ? null : child.alternate);
  };
  const onCommitFiberRoot = (_: unknown, { current }: { current: Fiber }) => count(current, current.alternate);
  const hook = { supportsFiber: true, inject: () => 1, onCommitFiberRoot, onCommitFiberUnmount: () => {} };
  Object.assign(window, { counted, __REACT_DEVTOOLS_GLOBAL_HOOK__: hook });
}

/** Returns how many messages are rendered until something is over. */
async function rendersDuring({ page }: Visitor, act: () => Promise<unknown>): Promise<number> {
  const read = () => page.evaluate(() => (window as unknown as { counted: { renders: number } }).counted.renders);
  const before = await read();
  await act();
  return (await read()) - before;
}

inChromium('what the page renders', () => {
  test('a new message and typing render only the messages that they change', async () => {
    const ann = await stage.somebody('Ann');
    await ann.page.addInitScript(watchMessages);
    const { client, id } = await stage.host({ name: 'lively', kind: 3, retention: { everything: true } });
    await client.members.add(id, await userIdOf(ann));
    const chat = await client.listen(id);
    let lines = 0;
    const next = () => chat.send(`line ${++lines}`);
    while (lines < 30) await next();
    await ann.page.reload();
    await rowOf(ann, 'lively').click();
    await ann.message('line 30').waitFor();
    expect(await ann.page.locator('.message').count()).toBeGreaterThan(10);
    // Something else may render the chat meanwhile, so each is tried until nothing does.
    const arrives = async () => {
      await next();
      await ann.message(`line ${lines}`).waitFor();
    };
    await until(async () => (await rendersDuring(ann, arrives)) <= 4);
    const types = () =>
      until(async () => {
        chat.typing(); // It may be lost.
        return (await ann.page.getByText('is typing').count()) > 0;
      });
    await until(async () => {
      const renders = await rendersDuring(ann, types);
      await arrives(); // The typing has ended.
      return renders === 0;
    });
    expect(ann.complaints).toEqual([]);
    await chat.leave();
  });
});
