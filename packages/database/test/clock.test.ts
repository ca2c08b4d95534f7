import type pg from 'pg';
import { DatabaseClock, spend } from '../src/index.js';
import { TestServer } from './server.js';

let server: TestServer;
let pool: pg.Pool;
beforeAll(async () => {
  server = TestServer.shared();
  pool = server.pool(await server.migratedDatabase());
});
afterAll(() => server.stop());

const hourMs = 3_600_000;

/** Returns a pool whose database has a clock that the test can set. */
function settable(): { pool: pg.Pool; set: (ms: number) => void } {
  let ms = 1_000_000 * hourMs;
  const query = async () => ({ rows: [{ ms }] });
  const client = { query, release: () => {} };
  const set = (to: number) => {
    ms = to;
  };
  return { pool: { connect: async () => client } as unknown as pg.Pool, set };
}

describe('the database clock', () => {
  const base = 1_000_000 * hourMs;
  let local = 0;
  const start = async () => {
    const database = settable();
    local = 0;
    return { ...database, clock: await DatabaseClock.start(database.pool, () => local) };
  };

  test('the clock follows the database back and returns the size of the step', async () => {
    const { clock, pool: database, set } = await start();
    expect(clock.now()).toBe(base);
    local += 3_000;
    set(base + 3_000 - hourMs);
    expect(await clock.measure(database)).toBe(-hourMs);
    expect(clock.now()).toBe(base + 3_000 - hourMs);
    local += 10;
    expect(clock.now()).toBe(base + 3_010 - hourMs);
  });

  test('the clock follows the database forward and returns the size of the step', async () => {
    const { clock, pool: database, set } = await start();
    set(base + hourMs);
    expect(await clock.measure(database)).toBe(hourMs);
    expect(clock.now()).toBe(base + hourMs);
  });

  test('the clock does not follow a step back of less than a second', async () => {
    const { clock, pool: database, set } = await start();
    local += 5_000;
    expect(clock.now()).toBe(base + 5_000);
    set(base + 4_100);
    expect(await clock.measure(database)).toBe(0);
    expect(clock.now()).toBe(base + 5_000);
  });
});

describe('a rate', () => {
  const rate = { key: 'test', secondsPerCall: 60, burst: 3 };
  const farAhead = (who: string, interval: string) =>
    pool.query("INSERT INTO chat.rate VALUES ('test:' || $1, now() + $2::interval)", [who, interval]);

  test('a rate limit allows one call after the clock was set back, and the next within a minute', async () => {
    for (const step of ['1 hour', '1 day', '100 years']) {
      await farAhead(step, step);
      const waits = [await spend(pool, rate, step), await spend(pool, rate, step)];
      expect(waits[0]).toBe(0);
      expect(waits[1]).toBeGreaterThan(0);
      expect(waits[1]).toBeLessThanOrEqual(60_000);
    }
  });

  test('a rate limit counts several calls together, or none of them', async () => {
    const waits: number[] = [];
    for (const calls of [2, 2, 1, 1]) waits.push(await spend(pool, rate, 'bob', calls));
    expect([waits[0], waits[2]]).toEqual([0, 0]);
    expect(waits[1]).toBeGreaterThan(0);
    expect(waits[1]).toBeLessThanOrEqual(60_000);
    expect(waits[3]).toBeGreaterThan(0);
  });

  test('a rate limit allows its burst, then returns a plausible wait', async () => {
    const waits: number[] = [];
    for (let n = 0; n < 5; n++) waits.push(await spend(pool, rate, 'ann'));
    expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
    for (const wait of waits.slice(3)) {
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(60_000);
    }
  });
});
