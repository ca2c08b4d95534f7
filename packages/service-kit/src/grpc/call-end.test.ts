import { CallEnd } from './call-end.js';

test('listeners and the signal learn of the end once, and later listeners soon', async () => {
  const end = new CallEnd();
  const order: string[] = [];
  end.onOver(() => order.push('first'));
  end.signal.addEventListener('abort', () => order.push('signal'));
  end.onOver(() => order.push('second'));
  expect([end.isOver, end.signal.aborted]).toEqual([false, false]);
  end.end();
  end.end();
  expect([end.isOver, end.signal.aborted]).toEqual([true, true]);
  end.onOver(() => order.push('late'));
  expect(order).toEqual(['signal', 'first', 'second']);
  await Promise.resolve();
  expect(order).toEqual(['signal', 'first', 'second', 'late']);
});

test('a signal that is created after the end is already aborted', () => {
  const end = new CallEnd();
  end.end();
  expect(end.signal.aborted).toBe(true);
});
