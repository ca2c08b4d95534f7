import type pg from 'pg';
import { statements } from '../src/index.js';
import { TestServer } from './server.js';

let server: TestServer;
let pool: pg.Pool;
beforeAll(async () => {
  server = await TestServer.start();
  pool = server.pool(server.url, 1);
});
afterAll(() => server.stop());

const sql = statements(import.meta.url);

test('runs a statement beside the source, prepared once per connection', async () => {
  const twice = sql<{ twice: number }, [n: number]>('select-number');
  expect(await twice.run(pool, [21])).toEqual([{ twice: 42 }]);
  expect(await twice.run(pool, [4])).toEqual([{ twice: 8 }]);
  const { rows } = await pool.query('SELECT name FROM pg_prepared_statements');
  expect(rows).toEqual([{ name: twice.name }]);
});

test('throws when a missing statement is loaded', () => {
  expect(() => sql('nothing')).toThrow('nothing.sql');
});

test('finds the source folder from compiled code, even below another dist folder', () => {
  const load = statements('file:///a/dist/b/dist/src/store/x.js');
  expect(() => load('y')).toThrow("'/a/dist/b/src/store/y.sql'");
});
