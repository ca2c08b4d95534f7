import { Lease } from './lease.js';

const at = (monotonicMs: number, wallMs = monotonicMs) => ({ monotonicMs, wallMs });

describe('Lease', () => {
  test('a lease is not held before the first confirmation', () => {
    expect(new Lease(2_500).holds(at(0))).toBe(false);
  });

  test('a lease counts from the moment its request was sent', () => {
    const lease = new Lease(2_500);
    lease.confirm(at(1_000));
    expect(lease.holds(at(3_499))).toBe(true);
    expect(lease.holds(at(3_500))).toBe(false);
  });

  test('a lease follows the clock that advanced more, so it lapses while the machine is suspended', () => {
    const lease = new Lease(2_500);
    lease.confirm(at(1_000, 1_000));
    expect(lease.holds(at(1_100, 60_000))).toBe(false);
    expect(lease.ageMs(at(1_100, 60_000))).toBe(59_000);
  });
});
