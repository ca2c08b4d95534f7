import type { Pool } from '@parley/database';
import { openTestDatabase, openTestPool, People, type TestDatabase } from '@parley/testkit';
import type { Missed, StartingReader } from '../src/inbox/missed.js';
import { type RoundFacts, RoundReader, type RoundRequest } from '../src/inbox/round.js';
import { UnheardMembers } from '../src/inbox/unheard-members.js';

/** Chats of each reader. */
const chats = 20;
let database: TestDatabase;
let people: People;
let pool: Pool;
let statements = 0;
let names = 0;

beforeAll(async () => {
  database = await openTestDatabase();
  people = await People.open(database);
  pool = openTestPool(database.urlFor('chat_gateway'));
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    const counted = (...args: unknown[]) => {
      statements += 1;
      return query(...args);
    };
    client.query = counted as typeof client.query;
  });
});
afterAll(async () => {
  await pool.end();
  await people.close();
  await database.close();
});

/** Creates users in the same chats. Returns the ids of the users and of the chats. */
async function makeReaders(readers: number, own = chats): Promise<{ userIds: string[]; channelIds: number[] }> {
  names += 1;
  const prefix = `r${names}`;
  const users = await people.sql(
    `INSERT INTO chat.users (id, name, password_hash) SELECT $1::text || '-' || n, 'reader', '!' FROM generate_series(1, $2::int) n RETURNING id`,
    [prefix, readers],
  );
  const made = await people.sql(
    `INSERT INTO chat.channel (name, owner_id, user_limit, kind) SELECT $1::text || '-' || n, $1::text || '-1', 1000, 'group'
     FROM generate_series(1, $2::int) n RETURNING id`,
    [prefix, own],
  );
  const [userIds, channelIds] = [users.map(({ id }) => String(id)), made.map(({ id }) => Number(id))];
  await people.sql(
    `INSERT INTO chat.member (channel_id, user_id, joined_seq) SELECT c, u, 0 FROM unnest($1::int[]) c, unnest($2::text[]) u`,
    [channelIds, userIds],
  );
  return { userIds, channelIds };
}

/** Stores entries after the last ones. */
async function store(channelIds: readonly number[], count: number, bytes = 10): Promise<void> {
  await people.sql(
    `INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, data, digest)
     SELECT h.channel_id, h.last_seq + n, 0, c.owner_id, gen_random_uuid(), now(), convert_to(repeat('x', $3::int), 'UTF8'), sha256('')
     FROM chat.channel_head h JOIN chat.channel c ON c.id = h.channel_id, generate_series(1, $2::int) n WHERE h.channel_id = ANY ($1::int[])`,
    [channelIds, count, bytes],
  );
  await people.sql(
    'UPDATE chat.channel_head SET last_seq = last_seq + $2::int, last_at = now() WHERE channel_id = ANY ($1::int[])',
    [channelIds, count],
  );
}

function read(starting: readonly StartingReader[], more: Partial<RoundRequest> = {}): Promise<RoundFacts> {
  const nobody = () => false;
  return new RoundReader(pool).read({
    cursor: undefined,
    waitingChanges: [],
    starting,
    due: [],
    sessionIds: [],
    members: [],
    unheard: new UnheardMembers().take(),
    hasReader: nobody,
    hasFeed: nobody,
    ...more,
  });
}

/**
 * Waits until a round sees all changes so far: a transaction of another test delays those after it.
 */
async function settled(): Promise<RoundFacts['moment']> {
  const [now] = await people.sql('SELECT pg_current_xact_id()::text AS txid');
  for (;;) {
    const { moment } = await read([]);
    if (moment.txid > Number(now?.txid)) return moment;
  }
}

/** Returns readers that resume at the present position. */
async function resuming(userIds: readonly string[]): Promise<StartingReader[]> {
  const moment = await settled();
  const position = { txid: moment.txid, eventId: 0, at: moment.now, life: moment.life, userNumber: 1, places: [] };
  return userIds.map((userId) => ({ userId, position, seen: new Map() }));
}

function seqsOf(missed: Missed | undefined): number[] {
  return missed?.parts.flatMap(({ entries }) => entries.map(({ seq }) => seq)) ?? [];
}

/**
 * Counts the statements of a round in which readers resume, each with chats that have new messages.
 */
async function countStatements(readers: number, own: number): Promise<number> {
  const { userIds, channelIds } = await makeReaders(readers, own);
  const starting = await resuming(userIds);
  await store(channelIds, 3);
  await people.sql("UPDATE chat.channel SET name = name || ' changed' WHERE id = $1", [channelIds[0]]);
  await settled();
  statements = 0;
  const { missed } = await read(starting);
  for (const one of starting) {
    expect(seqsOf(missed.get(one))).toEqual(channelIds.flatMap(() => [1, 2, 3]));
    expect(missed.get(one)?.changes.map(({ channelId }) => channelId)).toEqual([channelIds[0]]);
  }
  return statements;
}

test('a round has the same statements for 100 resuming readers of 20 chats as for one reader of one chat', async () => {
  const few = await countStatements(1, 1);
  expect(await countStatements(100, chats)).toBe(few);
  expect(few).toBeLessThanOrEqual(14);
});

test('many changes in other chats lose nothing, and a reader that was added or removed learns of that change only', async () => {
  const { userIds, channelIds } = await makeReaders(3, 2);
  const other = await makeReaders(1, 1_200);
  const starting = await resuming(userIds);
  const [chat = 0, left = 0] = channelIds;
  const [joined = 0] = other.channelIds;
  await people.sql("UPDATE chat.channel SET name = name || ' changed' WHERE id = ANY ($1::int[])", [other.channelIds]);
  await people.sql('UPDATE chat.member SET left_seq = 1 WHERE channel_id = $1 AND user_id = $2', [left, userIds[1]]);
  await people.sql('INSERT INTO chat.member (channel_id, user_id, joined_seq) VALUES ($1, $2, 0)', [
    joined,
    userIds[2],
  ]);
  await people.sql('UPDATE chat.channel SET deleted_at = now() WHERE id = $1', [chat]);
  await settled();
  const { missed } = await read(starting);
  const changes = starting.map((one) => missed.get(one)?.changes.map(({ channelId, isAdded }) => [channelId, isAdded]));
  expect(starting.map((one) => missed.get(one)?.isLost)).toEqual([false, false, false]);
  expect(changes).toEqual([
    [[chat, false]],
    [
      [left, false],
      [chat, false],
    ],
    [
      [joined, true],
      [chat, false],
    ],
  ]);
});

test('only readers whose positions lie before the newest 20,000 changes are reset', async () => {
  const { userIds } = await makeReaders(2, 1);
  const [early, late] = userIds.map((userId) => [userId]);
  const before = await resuming(early ?? []);
  await people.sql(
    `INSERT INTO chat.event (kind, channel_id) SELECT 'chat_changed', n FROM generate_series(1, 20001) n`,
  );
  const starting = [...before, ...(await resuming(late ?? []))];
  await settled();
  const { missed } = await read(starting);
  expect(starting.map((one) => missed.get(one)?.isLost)).toEqual([true, false]);
});

test('changes that are not removals wait until all changes are read, and too many of them reset the gateway', async () => {
  const { txid } = await settled();
  const cursor = { txid, id: 0, logsBegun: 0 };
  await people.sql(
    `INSERT INTO chat.event (kind, channel_id, user_ids)
     SELECT CASE WHEN n = 1000 THEN 'member_removed' ELSE 'member_added' END, n, '{ann}' FROM generate_series(1, 1002) n`,
  );
  await settled();
  const first = await read([], { cursor });
  expect(first.changes.map(({ channelId }) => channelId)).toEqual([1_000]);
  expect(first.hasMore).toBe(true);
  const { cursor: next, waitingChanges } = first;
  const second = await read([], { cursor: next, waitingChanges });
  const others = Array.from({ length: 1_002 }, (_, n) => n + 1).filter((n) => n !== 1_000);
  expect(second.changes.map(({ channelId }) => channelId)).toEqual(others);
  expect([second.hasMore, second.isCursorLost, second.waitingChanges]).toEqual([false, false, []]);
  const many = Array.from({ length: 20_001 }, () => waitingChanges[0] as (typeof waitingChanges)[number]);
  expect(await read([], { cursor: next, waitingChanges: many })).toMatchObject({ isCursorLost: true, changes: [] });
});

test('only the reader that missed too much is reset', async () => {
  const [{ userIds: quiet, channelIds: few }, { userIds: loud, channelIds: many }] = [
    await makeReaders(2, 1),
    await makeReaders(1, 1),
  ];
  const starting = await resuming([...quiet, ...loud]);
  await store(few, 2);
  await store(many, 1_001);
  const { missed } = await read(starting);
  expect(starting.map((one) => missed.get(one)?.isLost)).toEqual([false, false, true]);
  expect(starting.map((one) => seqsOf(missed.get(one)).length)).toEqual([2, 2, 0]);
});

test('only the reader that missed too many bytes is reset', async () => {
  const [{ userIds: loud, channelIds: many }, { userIds: quiet, channelIds: few }] = [
    await makeReaders(1, 1),
    await makeReaders(2, 1),
  ];
  const starting = await resuming([...loud, ...quiet]);
  await store(many, 40, 30_000);
  await store(few, 2);
  const { missed } = await read(starting);
  expect(starting.map((one) => missed.get(one)?.isLost)).toEqual([true, false, false]);
  expect(starting.map((one) => seqsOf(missed.get(one)).length)).toEqual([0, 2, 2]);
});

test.each([
  ['entries', 900, 10, 11],
  ['bytes', 30, 30_000, 9],
])('readers wait for the next round if this one has no space for their %s', async (_, entries, bytes, room) => {
  const { userIds, channelIds } = await makeReaders(30, 1);
  const starting = await resuming(userIds);
  await store(channelIds, entries, bytes);
  const whole = Array.from({ length: entries }, (_one, at) => at + 1);
  let waiting: readonly StartingReader[] = starting;
  for (let rounds = 0; waiting.length > 0; rounds++) {
    const { missed } = await read(waiting);
    const served = waiting.filter((one) => missed.has(one));
    expect(served).toEqual(waiting.slice(0, Math.min(room, waiting.length)));
    for (const one of served) expect(seqsOf(missed.get(one))).toEqual(whole);
    waiting = waiting.filter((one) => !missed.has(one));
    expect(rounds).toBeLessThan(30);
  }
});

test('a resume brings receipts from up to 10 s before its position, because their commit may have followed it', async () => {
  const { userIds, channelIds } = await makeReaders(4, 1);
  const [me = '', other = '', earlier = ''] = userIds;
  const starting = await resuming([me]);
  const at = (starting[0]?.position?.at ?? 0) / 1e6;
  for (const [userId, secondsBefore] of [
    [me, 9],
    [other, 9],
    [earlier, 11],
  ])
    await people.sql(
      'UPDATE chat.member SET receipt_at = to_timestamp($3::float8) WHERE channel_id = $1 AND user_id = $2',
      [channelIds[0], userId, at - Number(secondsBefore)],
    );
  const { missed } = await read(starting);
  expect(starting.map((one) => missed.get(one)?.receipts.map(({ userId }) => userId))).toEqual([[me, other]]);
});
