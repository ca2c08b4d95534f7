import { UnreadBudget } from './unread-budget.js';

function setUp() {
  const budget = new UnreadBudget(100);
  const dropped: string[] = [];
  const open = (caller: string, name = caller) =>
    budget.open(
      () => caller,
      () => dropped.push(name),
    );
  return { budget, dropped, open };
}

test('drops everything of the caller with the most unread bytes, and nothing of others', () => {
  const { budget, dropped, open } = setUp();
  const [first, second] = [open('ann', 'ann 1'), open('ann', 'ann 2')];
  first.set(30);
  second.set(30);
  open('bob').set(40);
  expect(dropped).toEqual([]);
  open('eve').set(1);
  expect(dropped).toEqual(['ann 1', 'ann 2']);
  expect([budget.held, budget.dropped]).toEqual([41, 2]);
});

test('drops a response that itself grows too large', () => {
  const { budget, dropped, open } = setUp();
  open('ann').set(40);
  open('bob').set(70);
  expect(dropped).toEqual(['bob']);
  expect(budget.held).toBe(40);
});

test('counts nothing after a drop, and stops counting bytes that were read', () => {
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
