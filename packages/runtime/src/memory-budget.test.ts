import { MemoryBudget } from './memory-budget.js';

function setUp() {
  const budget = new MemoryBudget(100);
  const dropped: string[] = [];
  const open = (caller: string, name = caller) =>
    budget.open(
      () => caller.split(' '),
      () => dropped.push(name),
    );
  return { budget, dropped, open };
}

test('drops the largest holding of the caller that holds the most, and none of other callers', () => {
  const { budget, dropped, open } = setUp();
  open('ann', 'ann 1').set(35);
  open('ann', 'ann 2').set(25);
  open('bob').set(40);
  expect(dropped).toEqual([]);
  open('eve').set(1);
  expect(dropped).toEqual(['ann 1']);
  expect([budget.held, budget.dropped]).toEqual([66, 1]);
});

test('never exceeds its limit, and shares it evenly between any number of callers', () => {
  const { budget, dropped, open } = setUp();
  for (let n = 0; n < 200; n++) open('flood').set(1);
  expect([budget.held, dropped.length]).toEqual([100, 100]);
  for (let n = 0; n < 49; n++) open('honest').set(1);
  expect(dropped).not.toContain('honest');
  for (let n = 0; n < 1_000; n++) open(`caller${n % 10}`).set(1);
  expect(budget.held).toBe(100);
});

test('shares the bytes of a caller evenly between its connections', () => {
  const { dropped, open } = setUp();
  for (let n = 0; n < 200; n++) open('flood connection1').set(1);
  for (let n = 0; n < 49; n++) open('flood connection2', 'second').set(1);
  expect(dropped).not.toContain('second');
});

test('of several equal holdings, drops the newest first, and as many as a large holding needs', () => {
  const { budget, dropped, open } = setUp();
  for (let n = 0; n < 10; n++) open('ann', `ann ${n}`).set(10);
  open('bob').set(35);
  expect(dropped).toEqual(['ann 9', 'ann 8', 'ann 7', 'ann 6']);
  expect(budget.held).toBe(95);
});

test('drops a growing holding itself if it is larger than the limit', () => {
  const { budget, dropped, open } = setUp();
  open('ann').set(40);
  open('bob').set(70);
  expect(dropped).toEqual(['bob']);
  expect(budget.held).toBe(40);
});

test('stops counting memory once it is dropped or released', () => {
  const { budget, dropped, open } = setUp();
  const [ann, bob] = [open('ann'), open('bob')];
  ann.set(101);
  ann.set(50);
  expect(budget.held).toBe(0);
  bob.set(90);
  bob.set(0);
  open('ann').set(99);
  expect(dropped).toEqual(['ann']);
  expect(budget.held).toBe(99);
});
