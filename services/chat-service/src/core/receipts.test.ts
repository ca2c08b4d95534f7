import type { LiveChannel } from './live-channel.js';
import { Receipts, type UnsavedReceipt } from './receipts.js';

function opened(epoch: number, lastSeq: number): LiveChannel {
  return { facts: { id: 7, kind: 'group', epoch, log: 'log', hasHistory: true }, lastSeq } as LiveChannel;
}

const marks = ({ userId, deliveredSeq, readSeq }: UnsavedReceipt) => [userId, deliveredSeq, readSeq];

async function saved(receipts: Receipts): Promise<unknown> {
  return receipts.save(async (unsaved) => unsaved.map(marks));
}

test('saves one row per member, even if the channel was opened again since the last save', async () => {
  const receipts = new Receipts();
  receipts.note(opened(1, 4), 'ann', { deliveredSeq: 4, readSeq: 3, log: '' });
  receipts.note(opened(2, 9), 'ann', { deliveredSeq: 9, readSeq: 1, log: 'log' });
  receipts.note(opened(2, 9), 'bob', { deliveredSeq: 2, readSeq: 0, log: '' });
  expect(await saved(receipts)).toEqual([
    ['ann', 9, 3],
    ['bob', 2, 0],
  ]);
  expect(await saved(receipts)).toBeUndefined();
});

test('saves receipts again after a failure, together with those that came meanwhile', async () => {
  const receipts = new Receipts();
  const channel = opened(1, 9);
  receipts.note(channel, 'ann', { deliveredSeq: 4, readSeq: 3, log: '' });
  const failing = receipts.save(async () => {
    receipts.note(channel, 'ann', { deliveredSeq: 6, readSeq: 0, log: '' });
    throw new Error('The database cannot be reached.');
  });
  await expect(failing).rejects.toThrow('The database cannot be reached.');
  expect(await saved(receipts)).toEqual([['ann', 6, 3]]);
});
