import { Metrics } from '@parley/runtime';
import { overviewTurns } from './overview-turns.js';

test('8 Overviews run at once, and only one while more inboxes wait than start in one round', async () => {
  const inbox = { starting: 101 };
  const turns = overviewTurns(inbox, new Metrics());
  const running: (() => void)[] = [];
  for (let n = 0; n < 20; n++) void turns.enter(() => {}).then((end) => running.push(end));
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  await settled();
  expect([running.length, turns.waiting]).toEqual([1, 19]);
  running[0]?.();
  await settled();
  expect([running.length, turns.waiting]).toEqual([2, 18]);
  inbox.starting = 100;
  running[1]?.();
  await settled();
  expect([running.length, turns.waiting]).toEqual([10, 10]);
});
