import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { newestFirst, oldestFirst, readEntries } from '../src/store/history.js';
import { Chats } from './chats.js';
import { type Person, Rig } from './rig.js';

const million = 1_000_000;
let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let me: Person;
let id: number;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  me = await rig.person();
  id = await chats.make(me, 'group');
  // One in ten is about another entry, one in a hundred has reactions. Without triggers and indexes of unique keys it would be quicker,
  // but not what is measured.
  await rig.owner.query(
    `SET synchronous_commit = off;
     SET session_replication_role = replica;
     INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, target_seq, data, digest)
       SELECT ${id}, n, CASE WHEN n % 10 = 0 THEN 3 ELSE 0 END, '${me.id}', gen_random_uuid(), now(),
         CASE WHEN n % 10 = 0 THEN n - 1 END, convert_to(repeat('word ', 10) || n, 'UTF8'), sha256('')
       FROM generate_series(1, ${million}) n;
     INSERT INTO chat.reaction (channel_id, seq, user_id, emoji) SELECT ${id}, n, '${me.id}', '👍' FROM generate_series(1, ${million}, 100) n;
     UPDATE chat.channel_head SET last_seq = ${million} WHERE channel_id = ${id};
     RESET session_replication_role;
     RESET synchronous_commit;
     ANALYZE chat.message, chat.reaction;`,
  );
}, 120_000);

afterAll(async () => {
  await rig.close();
  await database.close();
});

async function plan(text: string, values: readonly unknown[], mode: string): Promise<string> {
  const client = await rig.owner.connect();
  try {
    await client.query(`SET plan_cache_mode = ${mode}`);
    const { rows } = await client.query(`EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ${text}`, [...values]);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    client.release(true);
  }
}

describe.each(['force_custom_plan', 'force_generic_plan'])('with 1,000,000 entries (%s)', (mode) => {
  test.each([
    ['newest first', newestFirst, [1, million / 2]],
    ['oldest first', oldestFirst, [million / 2, million]],
  ] as const)('a page, %s, is read along the primary key', async (_name, statement, [first, last]) => {
    const text = await plan(statement.text, [id, first, last, 51], mode);
    expect(text).toMatch(/Index Scan (Backward )?using message_pkey/);
    expect(text).not.toMatch(/Seq Scan|Sort|Bitmap/);
  });

  test('its entries are looked up by it, and their reactions by theirs', async () => {
    const seqs = Array.from({ length: 50 }, (_, n) => 500_000 + n);
    const text = await plan(readEntries.text, [id, seqs, 1_000], mode);
    expect(text).toContain('Index Scan using message_pkey');
    expect(text).not.toMatch(/Seq Scan on (message|reaction)/);
  });
});

test('a page of 50 at any depth: p99 under 10 ms', async () => {
  const times: number[] = [];
  for (let n = 0; n < 330; n++) {
    const seq = 1 + Math.floor(Math.random() * (million - 100));
    const began = performance.now();
    const { messages } = await chats.history(
      me,
      id,
      n % 2 === 0 ? { beforeSeq: seq + 99, size: 50 } : { afterSeq: seq, size: 50 },
    );
    if (n >= 30) times.push(performance.now() - began);
    expect(messages).toHaveLength(50);
  }
  times.sort((a, b) => a - b);
  const [p50, p99] = [times[150] ?? 0, times[297] ?? 0];
  process.stdout.write(
    `History through the door, 50 of 1,000,000: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms\n`,
  );
  expect(p99).toBeLessThan(10);
});
