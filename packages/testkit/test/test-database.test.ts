import { checkSchema, createPool, SERVICE_ROLES } from '@parley/database';
import { openTestDatabase, type TestDatabase } from '../src/index.js';

let one: TestDatabase;
let other: TestDatabase;

beforeAll(async () => {
  [one, other] = await Promise.all([openTestDatabase(), openTestDatabase()]);
});
afterAll(() => Promise.all([one.close(), other.close()]));

async function ask(url: string, text: string): Promise<unknown[]> {
  const pool = createPool({ url, applicationName: 'test', max: 1 });
  try {
    return (await pool.query(text)).rows;
  } finally {
    await pool.end();
  }
}

test.each(SERVICE_ROLES)('%s logs in and finds the schema', async (role) => {
  const pool = createPool({ url: one.urlFor(role), applicationName: 'test', max: 1 });
  await checkSchema(pool);
  expect((await pool.query('SELECT current_user AS who')).rows).toEqual([{ who: role }]);
  await pool.end();
});

test('keeps two databases separate', async () => {
  await ask(one.ownerUrl, "INSERT INTO chat.users (id, name, password_hash) VALUES ('alice', 'Alice', '!')");
  expect(await ask(one.ownerUrl, 'SELECT id FROM chat.users')).toEqual([{ id: 'alice' }]);
  expect(await ask(other.ownerUrl, 'SELECT id FROM chat.users')).toEqual([]);
});

test('drops a closed database and its connections', async () => {
  const third = await openTestDatabase();
  const pool = createPool({ url: third.ownerUrl, applicationName: 'test', max: 1 });
  await pool.query('SELECT 1');
  await third.close();
  await expect(pool.query('SELECT 1')).rejects.toThrow();
  await pool.end();
});
