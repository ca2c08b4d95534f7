import { Channels } from './channels.js';
import { FanOut } from './fan-out.js';

const bounds = { ringBytes: 10, lossyRingBytes: 10, writeBytes: 10, messagesPerSecond: 1, bytesPerSecond: 1 };

test('the empty channels are those without anybody in them, the longest empty first', () => {
  const channels = new Channels(bounds, new FanOut(setImmediate, () => {}));
  const open = (id: number, nowMs: number) => channels.open({ id, name: '', limit: 25, epoch: 1, log: 'log' }, nowMs);
  open(1, 30);
  open(2, 10);
  open(3, 5).enter('seat', { id: 'ann', number: 1, name: 'Ann' }, {} as never);
  expect(channels.empty().map(({ facts }) => facts.id)).toEqual([2, 1]);
});
