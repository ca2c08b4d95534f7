import { randomUUID } from 'node:crypto';
import { limits } from '@parley/runtime';
import { openTestDatabase, planModes, planOf, type TestDatabase } from '@parley/testkit';
import { describe as describeStatement } from '../src/channels/channel-store.js';
import { claimChannel, reserveRoomSeat } from '../src/placement/seat-store.js';
import { type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let me: Person;

/** Returns SQL for the chat server of a channel. Each of ten servers has every tenth channel. */
const bootOf = (channel: string) => `('00000000-0000-4000-8000-00000000000' || (${channel}) % 10)::uuid`;
const boot = '00000000-0000-4000-8000-000000000001';

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  me = await rig.person();
  // 2,000 rooms with 25 users each, and 500 chats with 100 users: 100,000 seats.
  await rig.owner.query(`
    INSERT INTO chat.users (id, name, password_hash) SELECT 'u' || n, 'u' || n, '!' FROM generate_series(1, 50000) n;
    INSERT INTO chat.server (instance_id, name, addr, internal_addr, lease_until)
      SELECT ${bootOf('n')}, 'x', 'localhost:5000', '127.0.0.1:5000', now() + interval '1 h' FROM generate_series(0, 9) n;
    INSERT INTO chat.channel (name, owner_id, retention_seconds, kind, user_limit)
      SELECT 'c', '${me.id}', 0, (CASE WHEN n <= 2000 THEN 'room' ELSE 'public' END)::chat.channel_kind, 25 FROM generate_series(1, 2500) n;
    UPDATE chat.channel_head SET instance_id = ${bootOf('channel_id')}, epoch = 1;
    INSERT INTO chat.seat (id, user_id, channel_id, instance_id, epoch, exclusive, live, join_by)
      SELECT gen_random_uuid(), 'u' || n, (n - 1) / 25 + 1, ${bootOf('(n - 1) / 25 + 1')}, 1, true, true, now() FROM generate_series(1, 50000) n;
    INSERT INTO chat.seat (id, user_id, channel_id, instance_id, epoch, exclusive, live, join_by)
      SELECT gen_random_uuid(), 'u' || n, (n - 1) / 100 + 2001, ${bootOf('(n - 1) / 100 + 2001')}, 1, false, true, now()
      FROM generate_series(1, 50000) n;
    UPDATE chat.server SET lease_until = now() + interval '25 s';
    ANALYZE;
  `);
  const { rows } = await rig.owner.query<{ instance_id: string }>('SELECT instance_id FROM chat.server');
  await rig.keepAlive(...rows.map((row) => row.instance_id));
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

function plan(text: string, values: readonly unknown[], mode: (typeof planModes)[number]): Promise<string> {
  return planOf(rig.owner, { text, values, mode });
}

/** Expects the only scan of seats to be the one by channel. */
function expectBySeatInside(text: string): void {
  expect(text).toContain('seat_inside');
  expect(text).not.toContain('Seq Scan on seat');
  expect(text).not.toMatch(/seat_(boot|session)|seat_user\b/);
}

describe('with 100,000 seats', () => {
  const ids = [...Array.from({ length: 90 }, (_, n) => n * 20 + 1), ...Array.from({ length: 10 }, (_, n) => 2001 + n)];

  const describedBy = () => ({
    channelIds: ids,
    maxUsersOfRoom: limits.usersListedOfRoom,
    maxUsersOfChat: limits.usersListedOfChat,
    readerId: me.id,
    maxCounted: limits.usersCounted,
  });

  test.each(planModes)('reads the seats of a List page by index (%s)', async (mode) => {
    const text = await plan(describeStatement.text, describeStatement.valuesOf(describedBy()), mode);
    expectBySeatInside(text);
  });

  test.each(planModes)('counts a room by index (%s)', async (mode) => {
    const values = reserveRoomSeat.valuesOf({
      seatId: randomUUID(),
      channelId: 1,
      userId: me.id,
      instanceId: boot,
      epoch: 1,
      sessionId: me.sessionId,
      maxSeats: 25,
      joinWithinSeconds: 10,
    });
    expectBySeatInside(await plan(reserveRoomSeat.text, values, mode));
  });

  test.each(planModes)('counts placements of a server by index (%s)', async (mode) => {
    const text = await plan(claimChannel.text, claimChannel.valuesOf({ channelId: 3, epoch: 1 }), mode);
    expect(text).toContain('channel_head_instance');
    expect(text).toContain('seat_instance');
    expect(text).not.toMatch(/Seq Scan on (seat|channel_head)/);
    await rig.owner.query('UPDATE chat.channel_head SET epoch = 1, instance_id = $1 WHERE channel_id = 3', [boot]);
  });

  test('lists 1,000 own rooms and the other listed channels quickly', async () => {
    const began = performance.now();
    const rows = await describeStatement.run(rig.owner, describedBy());
    expect(performance.now() - began).toBeLessThan(5_000);
    const channelsNamed = rows.map(({ users }) => users.length).toSorted((a, b) => a - b);
    expect(channelsNamed).toEqual([...Array(90).fill(25), ...Array(10).fill(100)]);
    const all = await rig.list(me);
    expect(all).toHaveLength(1_500);
    expect(all.every(({ status }) => status === 2)).toBe(true);
  });
});
