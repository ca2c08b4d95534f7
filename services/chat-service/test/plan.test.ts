import { createPool, type ParametersOf, type Pool } from '@parley/database';
import { openTestDatabase, planModes, planOf, type TestDatabase } from '@parley/testkit';
import { appendEntries } from '../src/store/messages.js';
import { findWithoutMessage } from '../src/store/replies.js';
import { listSeats } from '../src/store/seats.js';

let database: TestDatabase;
let owner: Pool;

/** Returns SQL for the chat server of a seat. Each of ten servers has 10,000 seats. */
const instanceOf = (n: string) => `('00000000-0000-4000-8000-00000000000' || (${n}) % 10)::uuid`;
const instanceId = '00000000-0000-4000-8000-000000000001';

beforeAll(async () => {
  database = await openTestDatabase();
  owner = createPool({ url: database.ownerUrl, applicationName: 'test', max: 1, statementTimeoutMs: 100_000 });
  await owner.query(`
    SET synchronous_commit = off;
    INSERT INTO chat.users (id, name, password_hash) SELECT 'u' || n, 'u' || n, '!' FROM generate_series(1, 50000) n;
    SET session_replication_role = replica; -- skips the checks of foreign keys
    INSERT INTO chat.session (user_id, expires_at)
      SELECT 'u' || n, now() + interval '1 day' FROM generate_series(1, 50000) n;
    RESET session_replication_role;
    INSERT INTO chat.server (instance_id, name, addr, internal_addr, lease_until)
      SELECT ${instanceOf('n')}, 'x', 'localhost:5000', '127.0.0.1:5000', now() + interval '1 h'
      FROM generate_series(0, 9) n;
    INSERT INTO chat.channel (name, owner_id, kind, user_limit)
      SELECT 'c', 'u1', 'public', 100 FROM generate_series(1, 1000) n;
    UPDATE chat.channel_head SET instance_id = ${instanceOf('channel_id')}, epoch = 1;
    SET session_replication_role = replica;
    INSERT INTO chat.seat (id, user_id, session_id, channel_id, instance_id, epoch, exclusive, live, join_by)
      SELECT gen_random_uuid(), s.user_id, s.id, c.id, ${instanceOf('c.id')}, 1, false, true, now()
      FROM (SELECT *, row_number() OVER () AS n FROM chat.session) s CROSS JOIN generate_series(0, 1) k
      JOIN (SELECT id, row_number() OVER () AS n FROM chat.channel) c ON c.n = (s.n + k * 500) % 1000 + 1;
    RESET session_replication_role;
    INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, data, digest)
      SELECT 1 + n % 1000, 1 + n / 1000, 0, 'u1', gen_random_uuid(), now(), '', sha256('') FROM generate_series(0, 49999) n;
    ANALYZE;`);
});

afterAll(async () => {
  await owner.end();
  await database.close();
});

test.each(planModes)('finds the seats of one server among 100,000 by index (%s)', async (mode) => {
  const [counted] = (await owner.query<{ n: number }>('SELECT count(*)::int AS n FROM chat.seat')).rows;
  expect(counted?.n).toBe(100_000);
  const text = await planOf(owner, { text: listSeats.text, values: [instanceId], mode });
  expect(text).toContain('seat_instance');
  expect(text).toContain('users_pkey');
  expect(text).toContain('session_pkey');
  expect(text).not.toMatch(/Seq Scan|Hash/);
});

test('reads every seat of the server, each with the state of its user and session', async () => {
  await owner.query(`UPDATE chat.users SET status = 'suspended' WHERE id = 'u10'`);
  await owner.query(`UPDATE chat.session SET revoked_at = now() WHERE user_id = 'u20'`);
  const [expected] = (
    await owner.query<{ n: number; over: number }>(
      `SELECT count(*)::int AS n, (count(*) FILTER (WHERE user_id IN ('u10', 'u20')))::int AS over
       FROM chat.seat WHERE instance_id = $1`,
      [instanceId],
    )
  ).rows;
  const rows = await listSeats.run(owner, { instanceId });
  expect({ n: rows.length, over: rows.filter(({ hasEnded }) => hasEnded).length }).toEqual(expected);
});

test.each(planModes)('finds the target of a reply by index (%s)', async (mode) => {
  const values = findWithoutMessage.valuesOf({ channelIds: [1, 2], seqs: [1, 1] });
  const text = await planOf(owner, { text: findWithoutMessage.text, values, mode });
  expect(text).toContain('channel_head_pkey');
  expect(text).toMatch(/Index .*using message_(pkey|said)/);
  expect(text).not.toMatch(/Seq Scan|Hash/);
});

test('appends a batch without a subquery per entry', async () => {
  const empty = Object.fromEntries(Object.keys(appendEntries.parameters).map((name) => [name, []]));
  const values = appendEntries.valuesOf({ ...empty, instanceId } as ParametersOf<typeof appendEntries>);
  const text = await planOf(owner, {
    text: appendEntries.text,
    values,
    mode: 'force_generic_plan',
    options: 'COSTS OFF',
  });
  expect(text).toContain('Insert on message');
  expect(text).not.toContain('SubPlan');
});
