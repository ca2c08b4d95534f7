import { RequestBudget } from './request-budget.js';

const [flood, honest, third] = [{}, {}, {}];

test('gives a single connection the whole budget and no more', () => {
  const budget = new RequestBudget(100);
  expect([budget.take(flood, 60), budget.take(flood, 40), budget.take(flood, 1)]).toEqual([true, true, false]);
  expect(budget.held).toBe(100);
});

test('gives every other connection an even share during a flood', () => {
  const budget = new RequestBudget(100);
  for (let n = 0; n < 100; n++) budget.take(flood, 1);
  expect([budget.take(honest, 50), budget.take(honest, 1)]).toEqual([true, false]);
  expect([budget.take(third, 33), budget.take(third, 1)]).toEqual([true, false]);
  expect(budget.held).toBeLessThanOrEqual(200);
});

test('reuses released bytes', () => {
  const budget = new RequestBudget(100);
  budget.take(flood, 100);
  budget.give(flood, 30);
  expect([budget.take(flood, 30), budget.take(flood, 1)]).toEqual([true, false]);
  budget.give(flood, 100);
  expect(budget.held).toBe(0);
  expect(budget.take(honest, 100)).toBe(true);
});
