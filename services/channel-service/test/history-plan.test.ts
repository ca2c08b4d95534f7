import { openTestDatabase, planModes, planOf, type TestDatabase } from '@parley/testkit';
import { findNewest, findOldest, findPinned, readEntries } from '../src/history/history-store.js';
import { Chats } from './chats.js';
import { type Person, Rig } from './rig.js';

/** Number of entries. `TEST_ENTRIES=1000000 npm test -- history-plan` is the long form. */
const entries = Number(process.env.TEST_ENTRIES ?? 200_000);
let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let me: Person;
let id: number;
/** Users who read in turn, because a single one would hit the rate limit. */
const readers: Person[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  me = await rig.person();
  id = await chats.make(me, 'group');
  // One entry in ten refers to another, one in a hundred has reactions. Dropping triggers and
  // unique indexes would be faster, but would change what is measured.
  await rig.owner.query(
    `SET synchronous_commit = off;
     SET session_replication_role = replica;
     INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, target_seq, data, digest)
       SELECT ${id}, n, CASE WHEN n % 10 = 0 THEN 3 ELSE 0 END, '${me.id}', gen_random_uuid(), now(),
         CASE WHEN n % 10 = 0 THEN n - 1 END, convert_to(repeat('word ', 10) || n, 'UTF8'), sha256('')
       FROM generate_series(1, ${entries}) n;
     INSERT INTO chat.reaction (channel_id, seq, user_id, emoji) SELECT ${id}, n, '${me.id}', '👍' FROM generate_series(1, ${entries}, 100) n;
     INSERT INTO chat.reaction_count (channel_id, seq, emoji, people) SELECT channel_id, seq, emoji, 1 FROM chat.reaction;
     UPDATE chat.channel_head SET last_seq = ${entries} WHERE channel_id = ${id};
     RESET session_replication_role;
     RESET synchronous_commit;
     ANALYZE chat.message, chat.reaction, chat.reaction_count;`,
  );
  for (let n = 0; n < 6; n++) {
    const reader = await rig.person();
    await chats.change(me, id, reader, { add: true });
    readers.push(reader);
  }
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

function plan(text: string, values: readonly unknown[], mode: (typeof planModes)[number]): Promise<string> {
  return planOf(rig.owner, { text, values, mode });
}

function pageOf(firstSeq: number, lastSeq: number) {
  return { channelId: id, firstSeq, lastSeq, size: 51, maxEmoji: 100, maxReactors: 10 };
}

describe.each(planModes)('with many entries (%s)', (mode) => {
  test.each([
    ['newest first', findNewest, [1, entries / 2]],
    ['oldest first', findOldest, [entries / 2, entries]],
  ] as const)('reads a page, %s, along the primary key', async (_name, statement, [first, last]) => {
    const text = await plan(statement.text, statement.valuesOf(pageOf(first, last)), mode);
    expect(text).toMatch(/Index Scan (Backward )?using message_pkey/);
    expect(text).not.toMatch(/Seq Scan|Sort|Bitmap/);
  });

  test('reads a page of pinned messages along their index', async () => {
    const text = await plan(findPinned.text, findPinned.valuesOf(pageOf(1, entries)), mode);
    expect(text).toMatch(/Index Scan Backward using message_pinned/);
    expect(text).not.toMatch(/Seq Scan on message|Sort|Bitmap/);
  });

  test('looks up entries and reactions by their indexes', async () => {
    const seqs = Array.from({ length: 50 }, (_, n) => entries / 2 + n);
    const wanted = readEntries.valuesOf({
      channelIds: seqs.map(() => id),
      seqs,
      maxEmoji: 100,
      maxReactors: 10,
      maxReplies: 1_000,
      readerId: me.id,
    });
    const text = await plan(readEntries.text, wanted, mode);
    expect(text).toContain('Index Scan using message_pkey');
    expect(text).not.toMatch(/Seq Scan on (message|reaction|reaction_count)/);
  });
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function quantile(times: readonly number[], q: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * q)] ?? 0;
}

/** Milliseconds that the slowest one-row calls take on an idle machine. */
const quietMs = 5;

/**
 * A page costs a few round trips and the work of the database. Each page is compared with a one-row
 * call, which shows how busy the machine is.
 */
test('reads a page of 50 at any depth with a p99 under 10 ms', async () => {
  const pages: number[] = [];
  const trips: number[] = [];
  for (let n = 0; n < 330; n++) {
    const seq = 1 + Math.floor(Math.random() * (entries - 100));
    const more = n % 2 === 0 ? { beforeSeq: seq + 99, size: 50 } : { afterSeq: seq, size: 50 };
    const reader = readers[n % readers.length] as Person;
    const page = await timed(async () => expect((await chats.history(reader, id, more)).messages).toHaveLength(50));
    const trip = await timed(() => chats.members(reader, id, 1));
    if (n < 30) continue;
    pages.push(page);
    trips.push(trip);
  }
  const busy = quantile(trips, 0.99) > quietMs;
  const figures = (times: readonly number[]) =>
    `p50 ${quantile(times, 0.5).toFixed(1)}, p99 ${quantile(times, 0.99).toFixed(1)} ms`;
  process.stdout.write(
    `History, 50 of ${entries}, over RPC: ${figures(pages)}; a call that reads one row: ${figures(trips)}${busy ? '; too busy a machine for the p99' : ''}\n`,
  );
  expect(quantile(pages, 0.5) - quantile(trips, 0.5)).toBeLessThan(10);
  if (!busy) expect(quantile(pages, 0.99)).toBeLessThan(10);
});

test('reads as few blocks for a page at one end as in the middle', async () => {
  const blocksAt = async (seq: number) => {
    const text = `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${findNewest.text}`;
    const { rows } = await rig.owner.query(text, findNewest.valuesOf(pageOf(1, seq)));
    const { Plan: plan } = rows[0]['QUERY PLAN'][0];
    return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
  };
  for (const seq of [60, 1_000, entries / 2, entries - 1, entries]) expect(await blocksAt(seq)).toBeLessThan(180);
});
