import { randomUUID } from 'node:crypto';
import type { Pool } from '@parley/database';
import { openTestDatabase, openTestPool, type TestDatabase } from '@parley/testkit';
import { UserPresence } from '../src/background/user-presence.js';

let database: TestDatabase;
let owner: Pool;
let pool: Pool;

beforeAll(async () => {
  database = await openTestDatabase();
  owner = openTestPool(database.ownerUrl);
  pool = openTestPool(database.urlFor('chat_gateway'));
});
afterAll(async () => {
  await owner.end();
  await pool.end();
  await database.close();
});

const users = Array.from({ length: 1_500 }, (_, n) => `user-${n}`);

async function recorded(): Promise<number> {
  const { rows } = await owner.query<{ n: number }>('SELECT count(*)::int AS n FROM chat.presence');
  return rows[0]?.n ?? 0;
}

test('users are recorded, and taken back, 1,000 at a time', async () => {
  const gateway = randomUUID();
  await owner.query(
    "INSERT INTO chat.users (id, name, password_hash) SELECT id, id, '!' FROM unnest($1::varchar[]) AS u (id)",
    [users],
  );
  await owner.query(
    `INSERT INTO chat.gateway (instance_id, name, http_addr, grpc_addr, version, state, inboxes, connections, lease_until)
     VALUES ($1, 'g', 'localhost:1', 'localhost:2', '1', 'serving', 1, 1, now())`,
    [gateway],
  );
  const presence = new UserPresence(pool, gateway);
  const all = new Set([...users, 'a user who does not exist']);
  expect([await presence.save(all), await recorded()]).toEqual([true, 1_000]);
  expect([await presence.save(all), await recorded()]).toEqual([false, 1_500]);
  await owner.query('DELETE FROM chat.presence');
  expect([await presence.save(all), await recorded()]).toEqual([false, 0]);
  const few = new Set(users.slice(0, 100));
  expect(await presence.save(few)).toBe(true);
  expect(await presence.save(few)).toBe(false);
  const seen = await owner.query('SELECT FROM chat.users WHERE last_seen_at IS NOT NULL');
  expect(seen.rowCount).toBe(1_500);
});

test('the row of a gateway that is deleted takes its users with it', async () => {
  await owner.query('UPDATE chat.gateway SET lease_until = now() + interval $$1 h$$');
  const [{ instance_id: gateway } = { instance_id: '' }] = (
    await owner.query<{ instance_id: string }>('SELECT instance_id FROM chat.gateway')
  ).rows;
  await new UserPresence(pool, gateway).save(new Set(users.slice(0, 3)));
  expect(await recorded()).toBe(3);
  await owner.query('DELETE FROM chat.gateway');
  expect(await recorded()).toBe(0);
});

test('an account that has ended gets no time of its last visit', async () => {
  const id = 'ended';
  await owner.query("INSERT INTO chat.users (id, name, password_hash, status) VALUES ($1, $1, '!', 'deleted')", [id]);
  await new UserPresence(pool, randomUUID()).save(new Set([id]));
  const { rows } = await owner.query('SELECT last_seen_at FROM chat.users WHERE id = $1', [id]);
  expect(rows).toEqual([{ last_seen_at: null }]);
});
