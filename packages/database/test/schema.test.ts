import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { transaction } from '../src/index.js';
import { addChannel, addUser, TestServer } from './server.js';

let server: TestServer;
let pool: pg.Pool;
beforeAll(async () => {
  server = TestServer.shared();
  pool = server.pool(await server.migratedDatabase(), 20);
  await addUser(pool, 'alice');
  await addUser(pool, 'bob');
});
afterAll(() => server.stop());

function addSeat(user: string, channel: number, exclusive: boolean): Promise<pg.QueryResult> {
  const values = [randomUUID(), user, channel, randomUUID(), exclusive];
  return pool.query(
    "INSERT INTO chat.seat (id, user_id, channel_id, instance_id, epoch, exclusive, join_by) VALUES ($1, $2, $3, $4, 1, $5, now() + interval '10 s')",
    values,
  );
}

async function eventsOf(channel: number): Promise<string[]> {
  const { rows } = await pool.query('SELECT kind FROM chat.event WHERE channel_id = $1 ORDER BY id', [channel]);
  return rows.map((row) => row.kind);
}

test('creates a head with every channel', async () => {
  const id = await addChannel(pool, 'alice');
  const { rows } = await pool.query('SELECT * FROM chat.channel_head WHERE channel_id = $1', [id]);
  expect(rows).toMatchObject([{ epoch: 0, instance_id: null, last_seq: 0, first_seq: 1, revision: 0 }]);
});

test('allows a user one seat in rooms and many in chats', async () => {
  const [room, other, chat] = [
    await addChannel(pool, 'alice'),
    await addChannel(pool, 'alice'),
    await addChannel(pool, 'alice', 'group'),
  ];
  await addSeat('alice', room, true);
  await expect(addSeat('alice', other, true)).rejects.toMatchObject({ code: '23505', constraint: 'seat_one_room' });
  await addSeat('alice', chat, false);
  await addSeat('alice', chat, false);
});

test('limits a room to 25 seats, but not a chat', async () => {
  const limit = (kind: string, n: number) =>
    pool.query("INSERT INTO chat.channel (name, owner_id, kind, user_limit) VALUES ('x', 'alice', $1, $2)", [kind, n]);
  await expect(limit('room', 26)).rejects.toMatchObject({ constraint: 'check_limit' });
  await expect(limit('room', 0)).rejects.toMatchObject({ constraint: 'check_limit' });
  await limit('room', 25);
  await limit('group', 1000);
});

test('allows a pair of users only for a direct chat, and one direct chat for each pair', async () => {
  const open = (kind: string, low: string | null, high: string | null) =>
    pool.query('INSERT INTO chat.channel (name, owner_id, kind, pair_low, pair_high) VALUES ($1, $2, $3, $4, $5)', [
      'x',
      'alice',
      kind,
      low,
      high,
    ]);
  await open('direct', 'alice', 'bob');
  await expect(open('direct', 'alice', 'bob')).rejects.toMatchObject({ constraint: 'channel_pair' });
  for (const [kind, low, high] of [
    ['direct', 'bob', 'alice'],
    ['direct', 'alice', null],
    ['room', 'alice', null],
    ['group', 'alice', 'bob'],
  ] as const) {
    await expect(open(kind, low, high)).rejects.toMatchObject({ constraint: 'check_pair' });
  }
});

test('creates events for membership changes, but not for receipts or bans of non-members', async () => {
  const id = await addChannel(pool, 'alice', 'group');
  await pool.query("INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq) VALUES ($1, 'bob', 0, 0)", [
    id,
  ]);
  await pool.query("INSERT INTO chat.member (channel_id, user_id, joined_seq) VALUES ($1, 'alice', 0)", [id]);
  await pool.query('UPDATE chat.member SET delivered_seq = 1, read_seq = 1 WHERE channel_id = $1', [id]);
  await pool.query("UPDATE chat.member SET role = 'admin' WHERE channel_id = $1 AND user_id = 'alice'", [id]);
  await pool.query("UPDATE chat.member SET left_seq = 0 WHERE channel_id = $1 AND user_id = 'alice'", [id]);
  await pool.query('UPDATE chat.channel SET deleted_at = now() WHERE id = $1', [id]);
  await pool.query("UPDATE chat.channel SET name = 'later' WHERE id = $1", [id]);
  const members = ['member_added', 'member_changed', 'member_removed'];
  expect(await eventsOf(id)).toEqual(['chat_created', ...members, 'chat_deleted', 'chat_changed']);
});

test('a transaction has one event of a kind for a channel, with all users whom it concerns', async () => {
  const [id, other] = [await addChannel(pool, 'alice', 'group'), await addChannel(pool, 'alice', 'group')];
  const enter = `INSERT INTO chat.member (channel_id, user_id, joined_seq) SELECT $1, u, 0 FROM unnest($2::varchar[]) u
    ON CONFLICT (channel_id, user_id) DO UPDATE SET left_seq = NULL`;
  await pool.query(enter, [id, ['bob']]);
  await pool.query('UPDATE chat.member SET left_seq = 0 WHERE channel_id = $1', [id]);
  await transaction(pool, async (client) => {
    await client.query(enter, [id, ['alice', 'bob']]);
    await client.query(enter, [other, ['bob']]);
    await client.query("UPDATE chat.member SET role = 'admin' WHERE channel_id = $1", [id]);
  });
  const { rows } = await pool.query(
    `SELECT kind, channel_id AS id, (SELECT array_agg(u ORDER BY u) FROM unnest(user_ids) u) AS ids FROM chat.event
     WHERE channel_id = ANY ($1) AND kind LIKE 'member%' ORDER BY txid, chat.event.id`,
    [[id, other]],
  );
  expect(rows).toEqual([
    { kind: 'member_added', id, ids: ['bob'] },
    { kind: 'member_removed', id, ids: ['bob'] },
    { kind: 'member_added', id, ids: ['alice', 'bob'] },
    { kind: 'member_added', id: other, ids: ['bob'] },
    { kind: 'member_changed', id, ids: ['alice', 'bob'] },
  ]);
});

/**
 * Runs a transaction that writes at once and commits later, so that transactions commit in another
 * order than they write.
 */
function slowWrite(): Promise<void> {
  return transaction(pool, async (client) => {
    await client.query("INSERT INTO chat.channel (name, owner_id) VALUES ('x', 'alice')");
    await sleep(Math.random() * 20);
  });
}

interface EventPosition {
  readonly txid: string;
  readonly id: number;
}

/** Reads the events after a position, in the way that every reader must. */
async function eventsAfter({ txid, id }: EventPosition): Promise<EventPosition[]> {
  const { rows } = await pool.query<EventPosition>(
    `SELECT txid, id FROM chat.event WHERE (txid, id) > ($1, $2) AND txid < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY txid, id`,
    [txid, id],
  );
  return rows;
}

test('a reader that reads only finished transactions sees each event of sixteen slow writers exactly once', async () => {
  // A transaction of another database may still hide events of earlier tests from `eventsAfter`.
  const latest = 'SELECT txid, id FROM chat.event ORDER BY txid DESC, id DESC LIMIT 1';
  const first = (await pool.query<EventPosition>(latest)).rows[0] ?? { txid: '0', id: 0 };
  let writing = true;
  const writers = Array.from({ length: 16 }, async () => {
    for (let n = 0; n < 15; n++) await slowWrite();
  });
  const all = Promise.all(writers).then(() => {
    writing = false;
  });
  const seen: EventPosition[] = [];
  const readOn = async () => seen.push(...(await eventsAfter(seen.at(-1) ?? first)));
  while (writing || seen.length < 240) await readOn(); // A transaction of another database may delay the last events.
  await all;
  await readOn();
  expect(new Set(seen.map(({ id }) => id)).size).toBe(240);
  expect(seen).toHaveLength(240);
});

test('an uncommitted change of members delays no change in other channels', async () => {
  const [slow, other] = [await addChannel(pool, 'alice', 'group'), await addChannel(pool, 'alice', 'group')];
  const join = "INSERT INTO chat.member (channel_id, user_id, joined_seq) VALUES ($1, 'bob', 0)";
  await transaction(pool, async (client) => {
    await client.query(join, [slow]);
    await transaction(pool, async (second) => {
      await second.query("SET LOCAL lock_timeout = '5s'");
      await second.query(join, [other]);
    });
  });
  expect(await eventsOf(other)).toContain('member_added');
});

test('reads present users by index among 100,000 seats', async () => {
  await pool.query(
    "INSERT INTO chat.users (id, name, password_hash) SELECT 'u' || n, 'u', '!' FROM generate_series(1, 1000) n",
  );
  await pool.query(`WITH made AS (INSERT INTO chat.channel (name, owner_id, kind) SELECT 'many', 'alice', 'group' FROM generate_series(1, 1000) RETURNING id)
    INSERT INTO chat.seat (id, user_id, channel_id, instance_id, epoch, exclusive, join_by)
    SELECT gen_random_uuid(), 'u' || n, id, gen_random_uuid(), 1, false, now() FROM made, generate_series(1, 100) n`);
  await pool.query('ANALYZE chat.seat');
  const explain = await pool.query(
    "EXPLAIN SELECT DISTINCT user_id FROM chat.seat WHERE channel_id = (SELECT max(id) FROM chat.channel WHERE name = 'many') ORDER BY user_id LIMIT 100",
  );
  const plan = explain.rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('seat_inside');
  expect(plan).not.toContain('Seq Scan on seat');
});
