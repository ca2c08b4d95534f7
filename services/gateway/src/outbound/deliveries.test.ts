import { until } from '@parley/testkit';
import { Deliveries } from './deliveries.js';

test('a slow delivery holds up no other, and a stop waits for it', async () => {
  const due = ['slow', 'b', 'c', 'd'];
  const done: string[] = [];
  let finishSlow = () => {};
  const slow = new Promise<void>((resolve) => {
    finishSlow = resolve;
  });
  let [running, most] = [0, 0];
  const deliveries = new Deliveries<string>({
    most: 2,
    take: async (size) => due.splice(0, size),
    deliver: async (name) => {
      running += 1;
      most = Math.max(most, running);
      if (name === 'slow') await slow;
      running -= 1;
      done.push(name);
    },
    failed: (cause) => {
      throw cause;
    },
  });
  await until(() => done.length === 3);
  expect([done, most]).toEqual([['b', 'c', 'd'], 2]);
  const stopped = deliveries.stop().then(() => [...done]);
  finishSlow();
  await expect(stopped).resolves.toEqual(['b', 'c', 'd', 'slow']);
});

test('a delivery that fails is reported, and the next ones run', async () => {
  const due = ['bad', 'good'];
  const [done, failures]: [string[], unknown[]] = [[], []];
  const deliveries = new Deliveries<string>({
    most: 1,
    take: async (size) => due.splice(0, size),
    deliver: async (name) => {
      if (name === 'bad') throw new Error('bad');
      done.push(name);
    },
    failed: (cause) => failures.push(cause),
  });
  await until(() => done.length === 1);
  expect(failures).toEqual([new Error('bad')]);
  await deliveries.stop();
});
