import { KeyedSemaphore } from './turns.js';

test('beyond those at once one waits in line, and beyond the line is refused', async () => {
  const turns = new KeyedSemaphore(1, 2);
  const order: string[] = [];
  await turns.take('ann');
  const waiting = ['first', 'second'].map((name) => turns.take('ann').then(() => order.push(name)));
  await expect(turns.take('ann')).rejects.toMatchObject({ reason: 'too-busy' });
  await turns.take('bob');
  expect(order).toEqual([]);
  turns.pass('ann');
  await waiting[0];
  expect(order).toEqual(['first']);
  turns.pass('ann');
  await Promise.all(waiting);
  turns.pass('ann');
  await turns.take('ann');
});
