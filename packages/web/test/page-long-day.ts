import type { Visitor } from './browser.js';
import { openChat, rowOf, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

/** Mebibytes of messages that arrive. 50 are about as many as eight busy hours bring. */
const mebibytes = Number(process.env.TEST_MEBIBYTES ?? 1);
/**
 * Mebibytes from which bytes are compared: then, the page drops old messages of both chats in each
 * half of the steps. With fewer messages, it rightly keeps all of them.
 */
const comparableMebibytes = 40;
const text = 'and so on '.repeat(400);
/** Number of steps in which the messages arrive. After each one, the memory is measured. */
const steps = 10;
/** Number of steps that are compared: the last ones with as many at the start. The very first one warms up. */
const compared = 3;
/** Number of steps from the first ones that are compared to the last ones. */
const between = steps - compared - 1;
const messagesOfStep = Math.ceil((mebibytes * 2 ** 20) / (2 * text.length * steps));
const mostGrowth = 20_000_000;

/** Memory that the page uses after garbage was collected. */
interface PageMemory {
  readonly bytes: number;
  /** Nodes of all documents, also those that are no longer in one. */
  readonly nodes: number;
  readonly listeners: number;
}

/** Returns a function that measures the memory of the page without garbage. Texts that arrive are in the backing storage. */
async function memoryOf({ page }: Visitor): Promise<() => Promise<PageMemory>> {
  const session = await page.context().newCDPSession(page);
  return async () => {
    for (let k = 0; k < 2; k++) await session.send('HeapProfiler.collectGarbage'); // What the first one finalizes is garbage, too.
    const heap = (await session.send('Runtime.getHeapUsage')) as { usedSize: number; backingStorageSize: number };
    const { nodes, jsEventListeners: listeners } = await session.send('Memory.getDOMCounters');
    return { bytes: heap.usedSize + heap.backingStorageSize, nodes, listeners };
  };
}

/** Returns the growth of the least value from the first steps to the last ones. The page drops old messages at times. */
function riseOf(memories: readonly PageMemory[], key: keyof PageMemory): number {
  const least = (some: readonly PageMemory[]) => Math.min(...some.map((memory) => memory[key]));
  return least(memories.slice(-compared)) - least(memories.slice(1, 1 + compared));
}

inChromium('the page after a long day', () => {
  test(`keeps its memory while ${mebibytes} MiB of messages arrive in two chats`, async () => {
    const names = ['open all day', 'closed all day'];
    const ann = await stage.somebody('Ann');
    const hosts = await Promise.all(
      names.map((name) => stage.host({ name, kind: 3, retention: { everything: true } })),
    );
    const chats = await Promise.all(hosts.map(({ client, id }) => client.listen(id)));
    for (const { id, client } of hosts) await client.members.add(id, await userIdOf(ann));
    await openChat(ann, 'open all day');
    await ann.live();
    const measure = await memoryOf(ann);
    const say = (what: string) => Promise.all(chats.map((chat) => chat.send(what)));
    const shown = async (what: string) => {
      await say(what);
      await ann.message(what).waitFor();
      await rowOf(ann, 'closed all day').getByText(what).waitFor();
    };
    const memories: PageMemory[] = [];
    for (let step = 1; step <= steps; step++) {
      for (let k = 0; k < messagesOfStep; k++) await say(`${step} ${k} ${text}`);
      await shown(`end of step ${step}`);
      memories.push(await measure());
    }
    const report = memories.map(({ bytes, nodes, listeners }) => `${(bytes / 1e6).toFixed(1)}/${nodes}/${listeners}`);
    process.stdout.write(`MB of the page, nodes and listeners after each step: ${report.join(' ')}\n`);
    const messages = 2 * messagesOfStep * between;
    expect(riseOf(memories, 'nodes')).toBeLessThan(messages / 2);
    expect(riseOf(memories, 'listeners')).toBeLessThan(messages / 2);
    if (mebibytes >= comparableMebibytes) {
      expect(riseOf(memories, 'bytes')).toBeLessThan((messages * text.length) / 4);
      expect((memories.at(-1)?.bytes ?? 0) - (memories[0]?.bytes ?? 0)).toBeLessThan(mostGrowth);
    }
    expect(ann.complaints).toEqual([]);
    for (const chat of chats) await chat.leave();
  });
});
