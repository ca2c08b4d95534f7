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

/** Adds a gateway to the database. Returns its instance id. */
async function newGateway(): Promise<string> {
  const id = randomUUID();
  await owner.query(
    `INSERT INTO chat.gateway (instance_id, name, http_addr, grpc_addr, version, state, inboxes, connections, lease_until)
     VALUES ($1, 'g', 'localhost:1', 'localhost:2', '1', 'serving', 1, 1, now() + interval '1 h')`,
    [id],
  );
  return id;
}

/** Adds users to the database. Returns their ids. */
async function newUsers(count: number, status: 'active' | 'deleted' = 'active'): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await owner.query(
    `INSERT INTO chat.users (id, name, password_hash, status)
     SELECT id, id, '!', $2 FROM unnest($1::varchar[]) AS u (id)`,
    [ids, status],
  );
  return ids;
}

/** Returns how many users are recorded at a gateway. */
async function recordedAt(gateway: string): Promise<number> {
  const { rows } = await owner.query('SELECT FROM chat.presence WHERE instance_id = $1', [gateway]);
  return rows.length;
}

async function countSeen(ids: readonly string[]): Promise<number> {
  const seen = 'SELECT FROM chat.users WHERE id = ANY ($1) AND last_seen_at IS NOT NULL';
  return (await owner.query(seen, [ids])).rows.length;
}

test('users are recorded, and taken back, 1,000 at a time', async () => {
  const [gateway, users] = [await newGateway(), await newUsers(1_500)];
  const presence = new UserPresence(pool, gateway);
  const all = new Set([...users, 'a user who does not exist']);
  expect([await presence.save(all), await recordedAt(gateway)]).toEqual([true, 1_000]);
  expect([await presence.save(all), await recordedAt(gateway)]).toEqual([false, 1_500]);
  await owner.query('DELETE FROM chat.presence WHERE instance_id = $1', [gateway]);
  expect([await presence.save(all), await recordedAt(gateway)]).toEqual([false, 0]);
  const few = new Set(users.slice(0, 100));
  expect(await presence.save(few)).toBe(true);
  expect(await presence.save(few)).toBe(false);
  expect(await countSeen(users)).toBe(1_500);
});

test('the row of a gateway that is deleted takes its users with it', async () => {
  const [gateway, users] = [await newGateway(), await newUsers(3)];
  await new UserPresence(pool, gateway).save(new Set(users));
  expect(await recordedAt(gateway)).toBe(3);
  await owner.query('DELETE FROM chat.gateway WHERE instance_id = $1', [gateway]);
  expect(await recordedAt(gateway)).toBe(0);
});

test('an account that has ended gets no time of its last visit', async () => {
  const ended = await newUsers(1, 'deleted');
  await new UserPresence(pool, await newGateway()).save(new Set(ended));
  expect(await countSeen(ended)).toBe(0);
});
