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

/** Returns a pool whose database has a clock that the test can set. `answering` runs before each answer. */
function settable(answering: () => void): { pool: pg.Pool; set: (ms: number) => void } {
  let ms = 1_000_000 * hourMs;
  const query = async () => {
    answering();
    return { rows: [{ ms }] };
  };
  const client = { query, release: () => {} };
  const set = (to: number) => {
    ms = to;
  };
  return { pool: { connect: async () => client } as unknown as pg.Pool, set };
}

describe('the database clock', () => {
  const base = 1_000_000 * hourMs;
  let local = 0;
  let tripMs = 0;
  beforeEach(() => {
    tripMs = 0;
  });
  const start = async () => {
    local = 0;
    const database = settable(() => {
      local += tripMs;
    });
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

  test('a slow reading does not replace an accurate one, and an accurate one replaces a slow one', async () => {
    const { clock, pool: database, set } = await start();
    tripMs = 3_000;
    set(base);
    expect([await clock.measure(database), clock.now()]).toEqual([0, base + 3_000]);
    const slow = await DatabaseClock.start(database, () => local);
    expect(slow.now()).toBe(base + 1_500);
    tripMs = 0;
    set(base + 2_000);
    expect([await slow.measure(database), slow.now()]).toEqual([0, base + 2_000]);
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
