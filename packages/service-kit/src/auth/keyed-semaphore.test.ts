import { KeyedSemaphore } from './keyed-semaphore.js';

test('lets callers beyond the limit wait, and refuses callers once the queue is full', async () => {
  const slots = new KeyedSemaphore(1, 2);
  const order: string[] = [];
  await slots.acquire('ann');
  const waiting = ['first', 'second'].map((name) => slots.acquire('ann').then(() => order.push(name)));
  await expect(slots.acquire('ann')).rejects.toMatchObject({ reason: 'too-busy' });
  await slots.acquire('bob');
  expect(order).toEqual([]);
  slots.release('ann');
  await waiting[0];
  expect(order).toEqual(['first']);
  slots.release('ann');
  await Promise.all(waiting);
  slots.release('ann');
  await slots.acquire('ann');
});
