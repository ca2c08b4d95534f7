import type { Visitor } from './browser.js';
import { openChat, rowOf, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

/** Mebibytes of messages that arrive. 50 are about as many as eight busy hours bring. */
const mebibytes = Number(process.env.TEST_MEBIBYTES ?? 1);
const text = 'and so on '.repeat(400);
const mostGrowth = 20_000_000;

/** What Chromium reports of a heap, in bytes. Texts that arrive are in the backing storage. */
interface HeapUsage {
  readonly usedSize: number;
  readonly backingStorageSize: number;
}

/** Returns a function that measures the heap of the page in bytes, without garbage. */
async function heapOf({ page }: Visitor): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  return async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize } = (await session.send('Runtime.getHeapUsage')) as HeapUsage;
    return usedSize + backingStorageSize;
  };
}

inChromium('the page after a long day', () => {
  test(`keeps its heap while ${mebibytes} MiB of messages arrive in two chats`, async () => {
    const names = ['open all day', 'closed all day'];
    const ann = await stage.somebody('Ann');
    const hosts = await Promise.all(
      names.map((name) => stage.host({ name, kind: 3, retention: { everything: true } })),
    );
    const chats = await Promise.all(hosts.map(({ client, id }) => client.listen(id)));
    for (const { id, client } of hosts) await client.members.add(id, await userIdOf(ann));
    await openChat(ann, 'open all day');
    await ann.live();
    const heap = await heapOf(ann);
    const say = (what: string) => Promise.all(chats.map((chat) => chat.send(what)));
    const shown = async (what: string) => {
      await say(what);
      await ann.message(what).waitFor();
      await rowOf(ann, 'closed all day').getByText(what).waitFor();
    };
    await shown('good morning');
    const before = await heap();
    for (let sent = 0; sent < mebibytes * 2 ** 20; sent += 2 * text.length) await say(`${sent} ${text}`);
    await shown('good night');
    const growth = (await heap()) - before;
    process.stdout.write(`the heap of the page grew by ${(growth / 1e6).toFixed(1)} MB\n`);
    expect(growth).toBeLessThan(mostGrowth);
    expect(ann.complaints).toEqual([]);
    for (const chat of chats) await chat.leave();
  });
});
