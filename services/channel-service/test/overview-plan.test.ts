import { limits } from '@parley/runtime';
import { openTestDatabase, planModes, planOf, type TestDatabase } from '@parley/testkit';
import { readChats } from '../src/inbox/chat-store.js';
import { Chats } from './chats.js';
import { Inbox } from './inbox-api.js';
import { type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let inbox: Inbox;
let me: Person;
let readers: Person[];
let reader: Person;

/**
 * Number of chats in the database, and of the caller's chats among them. Each has members and
 * messages.
 */
const [allChats, myChats] = [100_000, 5_000];

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  inbox = new Inbox(rig);
  [me, ...readers] = (await rig.persons(6)) as [Person, ...Person[]];
  await rig.owner.query(`
    ALTER TABLE chat.channel DISABLE TRIGGER channel_changed;
    ALTER TABLE chat.member DISABLE TRIGGER members_added;
    INSERT INTO chat.users (id, name, password_hash) SELECT 'u' || n, 'u' || n, '!' FROM generate_series(1, 1000) n;
    INSERT INTO chat.channel (name, owner_id, kind, user_limit) SELECT 'c', '${me.id}', 'group', 1000 FROM generate_series(1, ${allChats}) n;
    UPDATE chat.channel_head SET last_seq = 40, last_at = now() - channel_id * interval '1 s';
    INSERT INTO chat.member (channel_id, user_id, joined_seq)
      SELECT c.id, 'u' || (c.id + n) % 1000 + 1, 0 FROM chat.channel c, generate_series(1, CASE WHEN c.id % ${allChats / 100} = 0 THEN 9 ELSE 1 END) n
      UNION ALL SELECT c.id, '${me.id}', 0 FROM chat.channel c WHERE c.id % ${allChats / myChats} = 0
      UNION ALL SELECT c.id, u.id, 0 FROM chat.channel c, unnest(ARRAY['${readers.map(({ id }) => id).join("','")}']) AS u (id) WHERE c.id % ${allChats / 100} = 0;
    INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, target_seq, data, digest, mentions)
      SELECT c.id, s, CASE WHEN s % 4 = 0 THEN 3 ELSE 0 END, 'u1', gen_random_uuid(), now(), CASE WHEN s % 4 = 0 THEN 1 END, 'words', sha256(''),
        CASE WHEN s = 21 THEN ARRAY['${me.id}'] ELSE '{}' END
      FROM chat.channel c, generate_series(1, 40) s WHERE c.id % ${allChats / 100} = 0;
  `);
  await rig.owner.query('VACUUM ANALYZE');
  [reader] = readers as [Person];
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

function plan(page: ReturnType<typeof pageOf>, mode: (typeof planModes)[number]): Promise<string> {
  return planOf(rig.owner, { text: readChats.text, values: readChats.valuesOf(page), mode });
}

/** Returns the parameters with which `readChats` reads a page, or one chat, for a user. */
function pageOf({ id: readerId }: Person, channelId: number | null = null) {
  return {
    readerId,
    readerRole: 'user',
    channelId,
    at: Number.MAX_SAFE_INTEGER,
    id: limits.channelId,
    size: 101,
    maxBytes: limits.pageBytes,
    maxPresent: limits.usersCounted,
    maxLooked: limits.unreadLookedAt,
    maxUnread: limits.unreadCounted,
    maxTold: limits.membersToldReceipts,
    maxEmoji: limits.emojiListed,
    maxReactors: limits.reactorsListed,
  } as const;
}

describe.each(planModes)('with 100,000 chats, 5,000 of them mine (%s)', (mode) => {
  test('finds a page by index, and sorts only as many chats as the page holds', async () => {
    const text = await plan(pageOf(me), mode);
    expect(text).not.toMatch(/Seq Scan on (member|channel|channel_head) /);
    expect(text).toContain('member_chats');
    expect(text).toMatch(/Sort Method: top-N heapsort/);
    expect(
      [...text.matchAll(/actual rows=(\d+)(?:\.\d+)? loops=(\d+)/g)].every(
        ([, rows, loops]) => Number(rows) * Number(loops) <= myChats,
      ),
    ).toBe(true);
  });

  test('reads the chats of a page by index', async () => {
    const text = await plan(pageOf(reader), mode);
    expect(text).toContain('message_said');
    expect(text).toContain('message_mentions');
    expect(text).not.toMatch(/Seq Scan on (message|member|users|channel|channel_head) /);
  });

  test('reads one chat without the others of the user', async () => {
    const text = await plan(pageOf(me, allChats), mode);
    const rows = [...text.matchAll(/actual rows=(\d+)(?:\.\d+)? loops=(\d+)/g)];
    expect(rows.every(([, rows, loops]) => Number(rows) * Number(loops) <= 40)).toBe(true);
  });

  test('counts unread messages from an index alone', async () => {
    const text = await plan(pageOf(reader), mode);
    const [, rows, fetched] =
      /Index Only Scan using message_said .*rows=(\d+)[\s\S]*?Heap Fetches: (\d+)/.exec(text) ?? [];
    expect([rows, fetched]).toEqual(['30', '0']);
  });
});

test.each([
  [1, 1],
  [1_000, 2],
])('with a page of %i bytes, reads the data of %i messages', async (maxBytes, count) => {
  const rows = await readChats.run(rig.owner, { ...pageOf(reader), maxBytes });
  expect(rows).toHaveLength(100);
  expect(rows.map(({ data }) => data !== null)).toEqual(rows.map((_, at) => at < count));
});

test('counts unread messages without looking at reactions', async () => {
  const id = allChats;
  await rig.owner.query(
    `INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, target_seq, data, digest)
     SELECT $1, s, 3, 'u1', gen_random_uuid(), now(), 1, '', sha256('') FROM generate_series(41, 50040) s`,
    [id],
  );
  await rig.owner.query('UPDATE chat.channel_head SET last_seq = 50040 WHERE channel_id = $1', [id]);
  const values = readChats.valuesOf(pageOf(reader, id));
  const { rows } = await rig.owner.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${readChats.text}`, values);
  const { Plan: root } = rows[0]['QUERY PLAN'][0];
  expect(root['Shared Hit Blocks'] + root['Shared Read Blocks']).toBeLessThan(200);
});

function quantile(times: readonly number[], q: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * q)] ?? 0;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

test('compares the cost of an Overview of 100 chats with that of a call that reads one row', async () => {
  const [pages, trips]: [number[], number[]] = [[], []];
  const id = allChats;
  for (let n = 0; n < 60; n++) {
    const reader = readers[n % readers.length] as Person;
    const page = await timed(async () => expect((await inbox.overview(reader)).chats).toHaveLength(100));
    const trip = await timed(() => chats.members(reader, id, 1));
    if (n < 10) continue;
    pages.push(page);
    trips.push(trip);
  }
  const figures = (times: readonly number[]) =>
    `p50 ${quantile(times, 0.5).toFixed(1)}, p90 ${quantile(times, 0.9).toFixed(1)} ms`;
  process.stdout.write(
    `Overview of 100 chats, over RPC: ${figures(pages)}; a call that reads one row: ${figures(trips)}\n`,
  );
});
