import { BatchedReads } from './batched-reads.js';

/** Reads that record their batches, and that end when `finish` is called. */
function recorded(bounds: ConstructorParameters<typeof BatchedReads>[1]) {
  const batches: (readonly number[])[] = [];
  const open: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  const reads = new BatchedReads<number, string>(async (numbers) => {
    batches.push(numbers);
    await new Promise<void>((resolve, reject) => open.push({ resolve, reject }));
    return numbers.map((number) => (number < 0 ? undefined : `n${number}`));
  }, bounds);
  return { reads, batches, open };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('questions that come while all statements run share the next statement, and each gets its own answer', async () => {
  const { reads, batches, open } = recorded({ atOnce: 1, mostInBatch: 3, mostWaiting: 10 });
  const answers = [reads.ask(1)];
  await settled();
  answers.push(...[2, -3, 4, 5].map((number) => reads.ask(number)));
  for (let finished = 0; finished < 3; finished++) {
    open[finished]?.resolve();
    await settled();
  }
  expect(await Promise.all(answers)).toEqual(['n1', 'n2', undefined, 'n4', 'n5']);
  expect(batches).toEqual([[1], [2, -3, 4], [5]]);
});

test('only the questions of a failed statement fail', async () => {
  const { reads, open } = recorded({ atOnce: 1, mostInBatch: 2, mostWaiting: 10 });
  const answers = Promise.allSettled([1, 2, 3].map((number) => reads.ask(number)));
  await settled();
  open[0]?.reject(new Error('away'));
  await settled();
  open[1]?.resolve();
  expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
});

test('a question beyond the bound is refused', async () => {
  const { reads, open } = recorded({ atOnce: 1, mostInBatch: 1, mostWaiting: 2 });
  const running = reads.ask(1);
  await settled();
  const waiting = [reads.ask(2), reads.ask(3)];
  await expect(reads.ask(4)).rejects.toMatchObject({ reason: 'too-busy' });
  for (let finished = 0; finished < 3; finished++) {
    open[finished]?.resolve();
    await settled();
  }
  expect(await Promise.all([running, ...waiting])).toEqual(['n1', 'n2', 'n3']);
});
