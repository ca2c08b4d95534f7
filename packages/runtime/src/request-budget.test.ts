import { RequestBudget } from './request-budget.js';

const [flood, honest, third] = [{}, {}, {}];

test('a connection alone may use all bytes, and no more', () => {
  const budget = new RequestBudget(100);
  expect([budget.take(flood, 60), budget.take(flood, 40), budget.take(flood, 1)]).toEqual([true, true, false]);
  expect(budget.held).toBe(100);
});

test('where a flood holds everything, every other connection still gets an even share', () => {
  const budget = new RequestBudget(100);
  for (let n = 0; n < 100; n++) budget.take(flood, 1);
  expect([budget.take(honest, 50), budget.take(honest, 1)]).toEqual([true, false]);
  expect([budget.take(third, 33), budget.take(third, 1)]).toEqual([true, false]);
  expect(budget.held).toBeLessThanOrEqual(200);
});

test('what is given back can be taken again', () => {
  const budget = new RequestBudget(100);
  budget.take(flood, 100);
  budget.give(flood, 30);
  expect([budget.take(flood, 30), budget.take(flood, 1)]).toEqual([true, false]);
  budget.give(flood, 100);
  expect(budget.held).toBe(0);
  expect(budget.take(honest, 100)).toBe(true);
});
