import type { Pool } from '@parley/database';
import { openTestDatabase, openTestPool, planModes, planOf, type TestDatabase } from '@parley/testkit';
import { findHashPrefixes } from '../src/store/accounts.js';

let database: TestDatabase;
let owner: Pool;

beforeAll(async () => {
  database = await openTestDatabase();
  owner = openTestPool(database.ownerUrl);
  await owner.query(
    `INSERT INTO chat.users (id, name, password_hash)
       SELECT 'u' || n, 'u' || n, (ARRAY['$2b$10$', '$2b$12$', '$argon2i', '!'])[n % 4 + 1] || md5(n::text) FROM generate_series(1, 20000) n`,
  );
  await owner.query('VACUUM ANALYZE chat.users');
});
afterAll(async () => {
  await owner?.end();
  await database?.close();
});

const reads = (plan: string) =>
  Array.from(
    plan.matchAll(/on users.*actual rows=([\d.]+) loops=(\d+)/g),
    ([, rows, loops]) => Number(rows) * Number(loops),
  );

test.each(planModes)(
  'finds the schemes of all passwords, and reads only a few of 20,000 accounts (%s)',
  async (mode) => {
    const found = await findHashPrefixes.run(owner);
    expect(found.map(({ prefix }) => prefix).sort()).toEqual(['$2b$10$', '$2b$12$', '$argon2']);
    const plan = await planOf(owner, { text: findHashPrefixes.text, values: [], mode });
    expect(plan).not.toContain('Seq Scan on users');
    expect(plan).toContain('users_password_scheme');
    expect(Math.max(...reads(plan))).toBeLessThan(1_000);
  },
);
