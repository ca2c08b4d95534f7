import type pg from 'pg';
import {
  float8,
  int4,
  loadSql,
  nullable,
  observeStatements,
  type StatementTiming,
  text,
  timestamptz,
} from '../src/index.js';
import { TestServer } from './server.js';

let server: TestServer;
let pool: pg.Pool;
beforeAll(async () => {
  server = TestServer.shared();
  pool = server.pool(server.url, 1);
});
afterAll(() => server.stop());

const sql = loadSql('numbers.sql', import.meta.url);
const double = sql.statement('double', { number: int4 }, { twiceIt: int4 });

test('prepares a statement once per connection', async () => {
  expect(await double.run(pool, { number: 21 })).toEqual([{ twiceIt: 42 }]);
  expect(await double.run(pool, { number: 4 })).toEqual([{ twiceIt: 8 }]);
  const { rows } = await pool.query('SELECT name FROM pg_prepared_statements');
  expect(rows).toEqual([{ name: expect.stringMatching(/^double-[0-9a-f]{8}$/) }]);
});

test('returns rows with the declared names and types', async () => {
  const dates = sql.statement('dates', { seconds: float8 }, { firstAt: timestamptz, noName: nullable(text) });
  expect(await dates.run(pool, { seconds: 1 })).toEqual([{ firstAt: new Date(1_000), noName: null }]);
});

test('throws when a statement is missing or its parameters have other names', () => {
  expect(() => sql.statement('nothing')).toThrow('numbers.sql: There is no statement nothing.');
  expect(() => sql.statement('double')).toThrow('numbers.sql: double uses parameters that are not declared: number.');
  expect(() => sql.statement('double', { number: int4, extra: int4 })).toThrow(
    'double declares parameters that it does not use: extra.',
  );
});

test('finds the source folder from compiled code, even below another dist folder', () => {
  expect(() => loadSql('y.sql', 'file:///a/dist/b/dist/src/store/x.js')).toThrow("'/a/dist/b/src/store/y.sql'");
});

test('times statements at the database, apart from their wait for a connection', async () => {
  const nap = sql.statement('nap', { seconds: float8, divisor: int4 }, { quotient: int4 });
  const timings: StatementTiming[] = [];
  const stop = observeStatements((timing) => timings.push(timing));
  const naps = [nap.run(pool, { seconds: 0.2, divisor: 1 }), nap.run(pool, { seconds: 0, divisor: 0 })];
  const [, failed] = await Promise.allSettled(naps);
  stop();
  await double.run(pool, { number: 1 });
  expect(failed?.status).toBe('rejected');
  expect(timings.map(({ name, hasFailed }) => [name, hasFailed])).toEqual([
    ['nap', false],
    ['nap', true],
  ]);
  const [first, second] = timings;
  expect(first?.ms).toBeGreaterThan(190);
  expect(first?.waitedMs).toBeLessThan(first?.ms ?? 0);
  expect(second?.waitedMs).toBeGreaterThan(190);
  expect(second?.ms).toBeLessThan(second?.waitedMs ?? 0);
});
