import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from '@parley/database';
import { openTestDatabase, openTestPool, type TestDatabase, until } from '@parley/testkit';
import { Archive } from '../src/history/archive.js';
import { Retention } from '../src/history/retention.js';
import { deleteEntries, lockExpired, trim } from '../src/history/retention-store.js';
import { inTurn } from '../src/transactions/turns.js';
import { Chats } from './chats.js';
import { type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let chats: Chats;
let pool: Pool;
let me: Person;
let folder: string;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  chats = new Chats(rig);
  pool = openTestPool(database.urlFor('chat_manager'), 4, 'test retention');
  folder = await mkdtemp(join(tmpdir(), 'parley-archive-'));
});

beforeEach(async () => {
  me = await rig.person();
});

afterAll(async () => {
  await pool.end();
  await rig.close();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

describe('retention', () => {
  test('deletes entries older than the retention, with their reactions, file links and notifications', async () => {
    const id = await chats.make(me, 'group', { retention: { seconds: 3_600 } });
    await chats.say(id, me, 10);
    await chats.age(id, 6, '61 min');
    await rig.owner.query(
      "UPDATE chat.message SET data = '', deleted_at = now() WHERE channel_id = $1 AND seq IN (2, 8)",
      [id],
    );
    await rig.owner.query(
      "INSERT INTO chat.reaction (channel_id, seq, user_id, emoji) VALUES ($1, 6, $2, 'x'), ($1, 7, $2, 'x')",
      [id, me.id],
    );
    await rig.owner.query(
      `INSERT INTO chat.file (owner_id, name, content_type, size, complete) VALUES ($1, 'f', '', 1, true)`,
      [me.id],
    );
    await rig.owner.query(
      `INSERT INTO chat.message_file SELECT $1, s, id FROM chat.file, generate_series(6, 7) s WHERE owner_id = $2`,
      [id, me.id],
    );
    await rig.owner.query(
      "INSERT INTO chat.notification (user_id, kind, channel_id, seq, by_id) SELECT $2, 'mention', $1, s, $2 FROM unnest('{6, 7, NULL}'::bigint[]) s",
      [id, me.id],
    );
    await new Retention(pool).run();
    const notified = 'SELECT seq FROM chat.notification WHERE channel_id = $1 ORDER BY seq';
    expect((await rig.owner.query(notified, [id])).rows).toEqual([{ seq: 7 }, { seq: null }]);
    expect(await chats.stored(id)).toEqual([7, 8, 9, 10]);
    expect(await chats.head(id)).toMatchObject({ first_seq: 7, last_seq: 10, revision: 0 });
    expect(await chats.seqs(me, id)).toEqual([10, 9, 8, 7]);
    for (const table of ['reaction', 'message_file']) {
      const { rows } = await rig.owner.query(`SELECT seq FROM chat.${table} WHERE channel_id = $1`, [id]);
      expect(rows).toEqual([{ seq: 7 }]);
    }
  });

  test('hides old entries at once, and recognises retries for 10 minutes', async () => {
    const id = await chats.make(me, 'group', { retention: { seconds: 5 } });
    await chats.say(id, me, 4);
    await chats.age(id, 1, '11 min');
    await chats.age(id, 3, '9 min');
    await new Retention(pool).run();
    expect(await chats.stored(id)).toEqual([2, 3, 4]);
    expect(await chats.seqs(me, id)).toEqual([4]);
    await chats.age(id, 3, '2 min');
    await new Retention(pool).run();
    expect(await chats.stored(id)).toEqual([4]);
  });

  test('applies the stricter of the limits by count and by age', async () => {
    const counted = await chats.make(me, 'group', { retention: { maxCount: 3 } });
    const both = await chats.make(me, 'group', { retention: { seconds: 3_600, maxCount: 3 } });
    for (const id of [counted, both]) {
      await chats.say(id, me, 9);
      await chats.age(id, 8, '2 h');
    }
    await new Retention(pool).run();
    expect(await chats.stored(counted)).toEqual([7, 8, 9]);
    expect(await chats.stored(both)).toEqual([9]);
  });

  test('the limit by count counts messages only, not reactions and edits', async () => {
    const id = await chats.make(me, 'group', { retention: { maxCount: 30 } });
    await chats.say(id, me, 20);
    await chats.say(id, me, 100, 3);
    await new Retention(pool).run();
    expect(await chats.seqs(me, id)).toHaveLength(20);
    for (let n = 0; n < 15; n++) {
      await chats.say(id, me);
      await chats.say(id, me, 3, 1);
      await new Retention(pool).run();
    }
    expect(await chats.seqs(me, id)).toHaveLength(30);
    expect((await chats.head(id)).first_seq).toBe(6);
  });

  test('a new log or a changed retention restarts the count of messages', async () => {
    const id = await chats.make(me, 'group', { retention: { maxCount: 5 } });
    await chats.say(id, me, 9);
    await new Retention(pool).run();
    await chats.update(me, id, { retention: { nothing: true } });
    await chats.update(me, id, { retention: { maxCount: 5 } });
    await chats.say(id, me, 4);
    await new Retention(pool).run();
    expect(await chats.seqs(me, id)).toHaveLength(4);
    await chats.update(me, id, { retention: { maxCount: 2 } });
    await new Retention(pool).run();
    expect(await chats.seqs(me, id)).toEqual([4, 3]);
    await chats.update(me, id, { retention: { seconds: 3_600, maxCount: 2 } });
    await chats.say(id, me, 2);
    await chats.age(id, 5, '2 h');
    await new Retention(pool).run();
    expect(await chats.seqs(me, id)).toEqual([6]);
    await chats.say(id, me, 3);
    await new Retention(pool).run();
    expect(await chats.seqs(me, id)).toEqual([9, 8]);
  });

  test('continues the log after deleting all entries', async () => {
    const id = await chats.make(me, 'group', { retention: { seconds: 3_600 } });
    await chats.say(id, me, 3);
    await chats.age(id, 3, '2 h');
    await new Retention(pool).run();
    expect(await chats.head(id)).toMatchObject({ first_seq: 4, last_seq: 3 });
    expect(await chats.history(me, id)).toMatchObject({ messages: [], more: false });
    expect(await chats.say(id, me)).toBe(4);
    expect(await chats.seqs(me, id)).toEqual([4]);
  });

  test('deletes nothing without a limit, and everything at once if history is turned off', async () => {
    const [kept, ceased] = [await chats.make(me, 'group'), await chats.make(me, 'group')];
    for (const id of [kept, ceased]) await chats.say(id, me, 3);
    await chats.age(kept, 3, '1000 days');
    await chats.update(me, ceased, { retention: { nothing: true } });
    await new Retention(pool).run();
    expect([await chats.stored(kept), await chats.stored(ceased)]).toEqual([[1, 2, 3], []]);
  });

  test('deletes 12,000 entries in slices during writes', async () => {
    const id = await chats.make(me, 'group', { retention: { seconds: 3_600 } });
    await chats.say(id, me, 12_000);
    await chats.age(id, 12_000, '2 h');
    let done = false;
    const writing = (async () => {
      while (!done) await chats.say(id, me);
    })();
    await new Retention(pool).run();
    done = true;
    await writing;
    expect(Math.min(...(await chats.stored(id)))).toBe(12_001);
  });

  test('retention does not block writers', async () => {
    const id = await chats.make(me, 'group', { retention: { seconds: 3_600 } });
    await chats.say(id, me, 2);
    await chats.age(id, 2, '2 h');
    await trim.run(pool, { channelId: id, maxEntries: 10 });
    const slice = await pool.connect();
    await slice.query('BEGIN');
    await slice.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    const seqs = (await lockExpired.run(slice, { channelId: id, maxEntries: 10 })).map(({ seq }) => seq);
    await deleteEntries.run(slice, { channelId: id, seqs });
    expect([seqs, await chats.say(id, me)]).toEqual([[1, 2], 3]);
    await slice.query('COMMIT');
    slice.release();
    expect(await chats.stored(id)).toEqual([3]);
  });

  test('retention runs in one manager at a time', async () => {
    const id = await chats.make(me, 'group', { retention: { seconds: 3_600 } });
    await chats.say(id, me, 2);
    await chats.age(id, 1, '2 h');
    const held =
      'UPDATE chat.upkeep_turn SET holder = gen_random_uuid(), held_until = clock_timestamp() + $1::interval';
    await rig.owner.query(held, ['14 s']);
    await new Retention(pool).run();
    expect(await chats.stored(id)).toEqual([1, 2]);
    await rig.owner.query(held, ['-1 s']);
    await new Retention(pool).run();
    expect(await chats.stored(id)).toEqual([2]);
  });

  test('a manager keeps its turn at retention without a transaction, until another manager has taken over', async () => {
    const open = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'test retention'
      AND state LIKE 'idle in transaction%'`;
    const work = inTurn(pool, 'retention', async (keep) => {
      expect((await rig.owner.query(open)).rowCount).toBe(0);
      await inTurn(pool, 'retention', () => Promise.reject(new Error('two managers at once')));
      await keep();
      await rig.owner.query('UPDATE chat.upkeep_turn SET holder = gen_random_uuid()');
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        await keep();
      }
    });
    await expect(work).rejects.toThrow('Another manager has taken over: retention.');
    await rig.owner.query("UPDATE chat.upkeep_turn SET held_until = '-infinity'");
  });

  test('retention skips an entry that is being edited and deletes it later', async () => {
    const id = await chats.make(me, 'group', { retention: { seconds: 3_600 } });
    await chats.say(id, me, 3);
    await chats.age(id, 3, '2 h');
    const editor = await rig.owner.connect();
    await editor.query('BEGIN');
    await editor.query('UPDATE chat.message SET edited_at = now() WHERE channel_id = $1 AND seq = 2', [id]);
    await new Retention(pool).run();
    await editor.query('COMMIT');
    editor.release();
    expect(await chats.stored(id)).toEqual([2]);
    await new Retention(pool).run();
    expect(await chats.stored(id)).toEqual([]);
  });
});

describe('the archive', () => {
  const files = async (id: number) =>
    (await readdir(folder)).filter((name) => name.startsWith(`channel-${id}-`)).sort();
  async function lines(id: number): Promise<Record<string, unknown>[]> {
    const texts = await Promise.all((await files(id)).map((name) => readFile(join(folder, name), 'utf8')));
    return texts
      .flatMap((text) => text.split('\n').filter((line) => line.startsWith('{"') && line.endsWith('}')))
      .map((line) => JSON.parse(line));
  }

  test('the archive contains deleted entries by channel and day, with text unencoded', async () => {
    const id = await chats.make(me, 'group', { retention: { seconds: 3_600 } });
    await chats.say(id, me, 1_202);
    await rig.owner.query(
      "UPDATE chat.message SET data = '\\xff00', edited_at = now() WHERE channel_id = $1 AND seq = 2",
      [id],
    );
    await rig.owner.query("UPDATE chat.message SET content_type = '' WHERE channel_id = $1 AND seq = 3", [id]);
    await chats.age(id, 1_200, '2 days');
    await chats.age(id, 600, '1 day');
    await new Retention(pool, { archive: await Archive.open(join(folder)) }).run();
    expect(await chats.stored(id)).toEqual([1_201, 1_202]);
    expect(await files(id)).toHaveLength(2);
    const all = await lines(id);
    expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_200 }, (_, n) => n + 1));
    expect(all[0]).toMatchObject({ channel: id, kind: 0, sender: me.id, text: 'm1', content_type: 'text/plain' });
    expect(all[1]).toMatchObject({ base64: '/wA=', edited_at: expect.any(String) });
    expect(all[2]).toMatchObject({ base64: Buffer.from('m3').toString('base64') });
    expect((await stat(join(folder, (await files(id))[0] ?? ''))).mode & 0o077).toBe(0);
  });

  test('the archive omits the text of replaced edits and of edits of deleted messages', async () => {
    const id = await chats.make(me, 'group', { retention: { seconds: 3_600 } });
    await chats.say(id, me, 2);
    await chats.say(id, me, 3, 1);
    await rig.owner.query('UPDATE chat.message SET target_seq = 2 WHERE channel_id = $1 AND seq = 5', [id]);
    await rig.owner.query("UPDATE chat.message SET data = '', deleted_at = now() WHERE channel_id = $1 AND seq = 2", [
      id,
    ]);
    await chats.age(id, 5, '2 h');
    await new Retention(pool, { archive: await Archive.open(folder) }).run();
    const words = (await lines(id)).map(({ seq, kind, text }) => [seq, kind, text]);
    expect(words).toEqual([
      [1, 0, 'm1'],
      [2, 0, ''],
      [3, 1, ''],
      [4, 1, 'm4'],
      [5, 1, ''],
    ]);
  });

  test('an archive that cannot be written blocks deletion', async () => {
    const id = await chats.make(me, 'group', { retention: { seconds: 3_600 } });
    await chats.say(id, me, 2);
    await chats.age(id, 2, '2 h');
    const gone = await Archive.open(join(folder, 'gone'));
    await rm(join(folder, 'gone'), { recursive: true });
    await expect(new Retention(pool, { archive: gone }).run()).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await chats.stored(id)).toEqual([1, 2]);
    await new Retention(pool).run();
  });

  test('the archive starts a new line after a truncated one', async () => {
    const id = await chats.make(me, 'group', { retention: { seconds: 3_600 } });
    await chats.say(id, me, 1);
    await chats.age(id, 1, '2 days');
    const { day } = await rig.one<{ day: string }>(
      "SELECT to_char(sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day FROM chat.message WHERE channel_id = $1",
      id,
    );
    await writeFile(join(folder, `channel-${id}-${day}.jsonl`), '{"channel":1,"se');
    await new Retention(pool, { archive: await Archive.open(folder) }).run();
    expect(await lines(id)).toMatchObject([{ channel: id, seq: 1 }]);
  });

  test('the archive contains the rest of an older log when history is turned on again', async () => {
    const id = await chats.make(me, 'group');
    await chats.say(id, me, 700);
    await chats.update(me, id, { retention: { nothing: true } });
    await new Retention(pool, { archive: await Archive.open(folder) }).clear(id);
    expect(await lines(id)).toHaveLength(700);
    expect(await chats.stored(id)).toEqual([]);
  });

  test('a manager with an archive folder writes the archive', async () => {
    const id = await chats.make(me, 'group', { retention: { seconds: 3_600 } });
    await chats.say(id, me, 2);
    await chats.age(id, 2, '2 h');
    const own = join(folder, 'of', 'a', 'manager');
    const other = new Rig(database);
    await other.startManager({ PARLEY_ARCHIVE_DIR: own }, { retentionEveryMs: 500 });
    await until(async () => (await chats.stored(id)).length === 0);
    expect(await readdir(own)).toEqual([expect.stringMatching(`^channel-${id}-`)]);
    await other.close();
  });

  test('Update writes the archive before a new log starts', async () => {
    const own = join(folder, 'by', 'update');
    const manager = new Chats(rig, await rig.startManager({ PARLEY_ARCHIVE_DIR: own }));
    const id = await chats.make(me, 'group');
    await chats.say(id, me, 2);
    await manager.update(me, id, { retention: { nothing: true } });
    await manager.update(me, id, { retention: { everything: true } });
    expect(await readdir(own)).toEqual([expect.stringMatching(`^channel-${id}-`)]);
  });
});
