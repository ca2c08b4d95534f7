import type pg from 'pg';
import { db, transaction } from '../src/index.js';
import { addUser, TestServer } from './server.js';

let server: TestServer;
let pool: pg.Pool;
beforeAll(async () => {
  server = TestServer.shared();
  pool = server.pool(await server.migratedDatabase());
});
afterAll(() => server.stop());

test('reads and writes tables of the schema with camelCase names', async () => {
  await addUser(pool, 'kim');
  const user = await db(pool).selectFrom('users').select(['id', 'number', 'createdAt']).executeTakeFirstOrThrow();
  expect(user).toEqual({ id: 'kim', number: 1, createdAt: expect.any(Date) });
  const metadata = { a_b: 1 };
  const changed = await db(pool).updateTable('users').set({ metadata }).where('id', '=', 'kim').executeTakeFirst();
  expect(changed.numUpdatedRows).toBe(1n);
  expect(await db(pool).selectFrom('users').select('metadata').execute()).toEqual([{ metadata }]);
});

test('a query takes part in the transaction of its client', async () => {
  const failing = transaction(pool, async (client) => {
    await db(client).insertInto('rate').values({ key: 'a', tat: new Date() }).execute();
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await db(pool).selectFrom('rate').selectAll().execute()).toEqual([]);
});

test('the query builder refuses to begin a transaction', async () => {
  await expect(
    db(pool)
      .transaction()
      .execute(async () => {}),
  ).rejects.toThrow('Use transaction(pool, work)');
});
