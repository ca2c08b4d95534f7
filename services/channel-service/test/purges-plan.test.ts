import { openTestDatabase, planModes, planOf, type TestDatabase } from '@parley/testkit';
import { purgeInvites, purgeOffers } from '../src/placement/purge-store.js';
import { Rig } from './rig.js';

const ended = 10;
let database: TestDatabase;
let rig: Rig;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  const { id } = await rig.person();
  await rig.owner.query(
    `INSERT INTO chat.users (id, name, password_hash) SELECT 'u' || n, 'u' || n, '!' FROM generate_series(1, 20000) n`,
  );
  await rig.owner.query(
    `WITH made AS (INSERT INTO chat.channel (name, owner_id, kind) VALUES ('c', $1, 'public') RETURNING id), invited AS (
       INSERT INTO chat.invite (id, channel_id, created_by, expires_at)
       SELECT md5(n::text), made.id, $1, now() + interval '1 day' FROM made, generate_series(1, 20000) n
     )
     INSERT INTO chat.offer (channel_id, user_id, role, offered_by, lapses_at)
     SELECT made.id, 'u' || n, 'member', $1, now() + interval '1 day' FROM made, generate_series(1, 20000) n`,
    [id],
  );
  await rig.owner.query('VACUUM ANALYZE chat.invite, chat.offer');
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

test.each(planModes)('purges find ended invitations and lapsed offers among many by an index (%s)', async (mode) => {
  await rig.owner.query(
    `UPDATE chat.invite SET expires_at = now() - interval '8 days' WHERE id IN (SELECT id FROM chat.invite ORDER BY id LIMIT ${ended});
     UPDATE chat.offer SET lapses_at = now() - interval '1 s' WHERE user_id IN (SELECT user_id FROM chat.offer ORDER BY user_id LIMIT ${ended})`,
  );
  for (const [{ text }, table, end] of [
    [purgeInvites, 'invite', 'expires_at'],
    [purgeOffers, 'offer', 'lapses_at'],
  ] as const) {
    expect(await planOf(rig.owner, { text, values: [], mode })).not.toContain(`Seq Scan on ${table}`);
    const left = `SELECT count(*) FILTER (WHERE ${end} < now())::int AS ended, count(*) >= 19000 AS others FROM chat.${table}`;
    expect(await rig.one(left)).toEqual({ ended: 0, others: true });
  }
});
