import { MessageRateLimiter, RateLimiter } from './rate-limiter.js';

describe('RateLimiter', () => {
  test("lets one second's worth of units through at once, then returns the milliseconds to wait", () => {
    const meter = new RateLimiter(10);
    for (let i = 0; i < 10; i++) expect(meter.take(1, 5_000)).toBe(0);
    expect(meter.take(1, 5_000)).toBe(100);
    expect(meter.take(1, 5_100)).toBe(0);
    expect(meter.take(1, 5_100)).toBe(100);
  });

  test('lets through no more than its rate and one burst over ten seconds', () => {
    const meter = new RateLimiter(10);
    let taken = 0;
    for (let ms = 0; ms < 10_000; ms++) if (meter.take(1, ms) === 0) taken++;
    expect(taken).toBeGreaterThanOrEqual(100);
    expect(taken).toBeLessThanOrEqual(110);
  });

  test('lets a request larger than the burst through, but only if no earlier request still counts', () => {
    const meter = new RateLimiter(10);
    expect(meter.take(25, 0)).toBe(0);
    expect(meter.take(1, 0)).toBeGreaterThan(0);
    expect(meter.take(1, 2_600)).toBe(0);
  });
});

describe('MessageRateLimiter', () => {
  test('a message rate limiter limits both messages and bytes', () => {
    const few = new MessageRateLimiter({ messagesPerSecond: 2, bytesPerSecond: 1_000_000 });
    expect([few.take(1, 0), few.take(1, 0)]).toEqual([0, 0]);
    expect(few.take(1, 0)).toBe(500);
    const small = new MessageRateLimiter({ messagesPerSecond: 1_000, bytesPerSecond: 100 });
    expect([small.take(60, 0), small.take(40, 0)]).toEqual([0, 0]);
    expect(small.take(10, 0)).toBe(100);
  });
});

test('a clock that is set back delays nobody', () => {
  const meter = new RateLimiter(10);
  const [before, step] = [10_000_000, 3_600_000];
  for (let n = 0; n < 20; n++) meter.take(1, before);
  expect(meter.take(1, before)).toBeGreaterThan(0);
  expect(meter.take(1, before - step)).toBeLessThanOrEqual(1_000);
  expect(meter.take(1, before - step + 1_000)).toBe(0);
});
