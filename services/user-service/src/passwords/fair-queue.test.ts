import { HashQueue } from './fair-queue.js';

/** A queue whose jobs end on request; `order` lists the callers served. */
function rig(atMost: number) {
  const queue = new HashQueue(() => atMost);
  const order: string[] = [];
  const open: (() => void)[] = [];
  const refused: string[] = [];
  const ask = (who: string) => {
    const work = () => {
      order.push(who);
      return new Promise<void>((resolve) => open.push(resolve));
    };
    return queue.run(who, work).catch(() => void refused.push(who));
  };
  const finish = async (count: number) => {
    for (let n = 0; n < count; n++) {
      open.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    ask: (who: string) =>
      void Promise.resolve()
        .then(() => ask(who))
        .catch(() => refused.push(who)),
    order,
    refused,
    finish,
  };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('serves a new address before addresses already served', async () => {
  const { ask, order, finish } = rig(100);
  for (let n = 0; n < 3; n++) for (const who of ['a', 'b', 'c']) ask(who);
  await settle();
  await finish(3);
  ask('honest');
  await settle();
  await finish(1);
  expect(order.slice(0, 3)).toEqual(['a', 'b', 'c']);
  expect(order[4]).toBe('honest');
});

test('accepts a newcomer when full and refuses a job of the last in line', async () => {
  const { ask, order, refused, finish } = rig(4);
  for (let n = 0; n < 5; n++) ask('flood');
  await settle();
  ask('honest');
  await settle();
  expect(refused).toEqual(['flood']);
  await finish(1);
  expect(order).toEqual(['flood', 'honest']);
  for (let n = 0; n < 5; n++) ask('flood');
  await settle();
  expect(refused.length).toBeGreaterThanOrEqual(4);
  expect(refused).not.toContain('honest');
});

test('runs every job and isolates errors', async () => {
  const queue = new HashQueue(() => 100);
  const works = Array.from({ length: 50 }, (_, n) =>
    queue.run(`who-${n % 7}`, async () => {
      if (n % 10 === 0) throw new Error('mine');
      return n;
    }),
  );
  const outcomes = await Promise.allSettled(works);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(45);
});
