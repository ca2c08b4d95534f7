import { createPool, type Pool } from '@parley/database';
import { openTestDatabase, planOf, type TestDatabase } from '../src/index.js';

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await openTestDatabase();
  pool = createPool({ url: database.ownerUrl, applicationName: 'test', max: 1 });
});
afterAll(async () => {
  await pool.end();
  await database.close();
});

test('a generic plan knows no values, and a custom plan does', async () => {
  const text = 'SELECT id FROM chat.users WHERE id = ANY ($1::varchar[]) AND name = $2 AND number > $3';
  const values = [["o'neil", 'a,b'], "\\ 'quoted'", 7];
  const planIn = (mode: 'force_custom_plan' | 'force_generic_plan') => planOf(pool, { text, values, mode });
  const generic = await planIn('force_generic_plan');
  expect(generic).toMatch(/\$1[\s\S]*\$2|\$2[\s\S]*\$1/);
  expect(generic).not.toContain('quoted');
  const custom = await planIn('force_custom_plan');
  expect(custom).toContain('{o\'neil,"a,b"}'.replace("'", "''"));
  expect(custom).not.toMatch(/\$\d/);
});
