import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { restoreBackup } from '../src/backup/backup.js';
import { dump } from '../src/backup/dump.js';
import { type BackupRecord, packed } from '../src/backup/records.js';
import { seal } from '../src/backup/sealed-file.js';
import { checkIdle } from '../src/backup/target.js';
import { migrateWithin } from '../src/migrate.js';
import { withClient } from '../src/roles.js';
import { addChannel, addUser, TestServer } from './server.js';

let server: TestServer;
let source: pg.Pool;
let room: number;
let backup: Buffer;
const everyByte = Buffer.from(Array.from({ length: 1_024 }, (_, n) => n % 256));

beforeAll(async () => {
  server = TestServer.shared();
  source = server.pool(await server.migratedDatabase());
  await fill();
  backup = await backupOf(source, () => addMessage(2, Buffer.from('after the snapshot')));
});
afterAll(() => server.stop());

function addMessage(seq: number, data: Buffer): Promise<unknown> {
  return source.query(
    `INSERT INTO chat.message (channel_id, seq, sender_id, client_id, sent_at, data, digest)
     VALUES ($1, $2, 'alice', gen_random_uuid(), now(), $3, sha256($3))`,
    [room, seq, data],
  );
}

function addKey(kid: string, purpose: string): Promise<unknown> {
  return source.query(
    `INSERT INTO chat.signing_key (kid, purpose, owner, public_jwk, expires_at) VALUES ($1, $2, $1, '{}', now() + interval '1 hour')`,
    [kid, purpose],
  );
}

/** Sets a legal hold on the room, and deletes a message with a file, which the hold keeps. */
async function holdAndDelete(): Promise<void> {
  await source.query("INSERT INTO chat.hold (channel_id, reason, set_by) VALUES ($1, 'case 7', 'alice')", [room]);
  await addMessage(3, Buffer.from('held'));
  const { rows } = await source.query<{ id: string }>(
    `INSERT INTO chat.file (owner_id, name, content_type, size, received, complete)
     VALUES ('alice', 'c', 'text/plain', 1024, 1024, true) RETURNING id`,
  );
  const [id] = rows.map((file) => file.id);
  await source.query('INSERT INTO chat.file_chunk (file_id, n, data) VALUES ($1, 0, $2)', [id, everyByte]);
  await source.query('INSERT INTO chat.message_file (channel_id, seq, file_id) VALUES ($1, 3, $2)', [room, id]);
  await source.query("UPDATE chat.message SET deleted_at = now(), data = '', content_type = '' WHERE seq = 3");
  await source.query('DELETE FROM chat.file WHERE id = $1', [id]);
}

async function fill(): Promise<void> {
  await addUser(source, 'alice');
  await source.query(`UPDATE chat.users SET about = E'tab\\t "quoted" \\\\ \\\\N é😀\\r\\nend' WHERE id = 'alice'`);
  room = await addChannel(source, 'alice');
  await addMessage(1, everyByte);
  const file = await source.query<{ id: string }>(
    "INSERT INTO chat.file (owner_id, name, content_type, size) VALUES ('alice', '\\.', 'image/png', 1024) RETURNING id",
  );
  await source.query('INSERT INTO chat.file_chunk (file_id, n, data) VALUES ($1, 0, $2)', [
    file.rows[0]?.id,
    everyByte,
  ]);
  await source.query(
    "INSERT INTO chat.file (owner_id, name, content_type, size, in_s3) VALUES ('alice', 'b', 'image/png', 7, true)",
  );
  await source.query(
    `INSERT INTO chat.audit (actor, action, target, detail) VALUES ('alice', 'test', '', '{"a": "\\\\N\\t\\u0001"}')`,
  );
  await holdAndDelete();
  await addKey('of users', 'user');
  await addKey('of a chat server', 'chat');
}

/** Returns a backup. Calls `meanwhile` after its snapshot. */
async function backupOf(pool: pg.Pool, meanwhile: () => Promise<unknown>): Promise<Buffer> {
  const client = await pool.connect();
  const records = async function* (): AsyncGenerator<BackupRecord> {
    for await (const record of dump(client, 'test')) {
      if (record.is === 'manifest') expect(record.manifest.filesInS3.bytes).toBe(pool === source ? 7 : 0);
      if (record.is === 'manifest') await meanwhile();
      yield record;
    }
  };
  const all: Buffer[] = [];
  for await (const bytes of seal(packed(records()), undefined)) all.push(bytes);
  client.release(true);
  return Buffer.concat(all);
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function restore(pool: pg.Pool, file: Buffer, replace = false, secondRead = file) {
  const reads = [file, secondRead];
  const read = () => once(reads.shift() ?? file);
  return restoreBackup(pool, replace, { read, passphrase: undefined, onProgress: () => {} });
}

async function emptyDatabase(): Promise<pg.Pool> {
  return server.pool(await server.emptyDatabase(), 1);
}

async function column(pool: pg.Pool, sql: string): Promise<string[]> {
  const { rows } = await pool.query<{ text: string }>(sql);
  return rows.map(({ text }) => text);
}

/** Tables and columns that a restore changes on purpose. */
const changed = [
  'applied_migration',
  'audit',
  'channel_head',
  'event',
  'migration',
  'migration_lock',
  'server',
  'seat',
  'signing_key',
  'timeline',
];

async function contentsOf(pool: pg.Pool): Promise<Record<string, string[]>> {
  const tables = await column(pool, "SELECT tablename AS text FROM pg_tables WHERE schemaname = 'chat' ORDER BY 1");
  const contents: Record<string, string[]> = {};
  for (const table of tables.filter((name) => !changed.includes(name))) {
    contents[table] = await column(pool, `SELECT t::text AS text FROM chat.${table} t ORDER BY 1`);
  }
  return contents;
}

/** Returns the definitions of everything in the schema. */
function definitionsOf(pool: pg.Pool): Promise<string[]> {
  return column(
    pool,
    `SELECT pg_get_constraintdef(oid) || conrelid::regclass::text || conname AS text FROM pg_constraint WHERE connamespace = 'chat'::regnamespace
     UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'chat'
     UNION ALL SELECT pg_get_triggerdef(t.oid) || tgenabled::text FROM pg_trigger t WHERE NOT tgisinternal
     UNION ALL SELECT attrelid::regclass::text || attname || attnum || format_type(atttypid, atttypmod) || coalesce(attacl::text, '')
       FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE c.relnamespace = 'chat'::regnamespace AND attnum > 0
     UNION ALL SELECT pg_get_functiondef(p.oid) || coalesce(proacl::text, '') FROM pg_proc p WHERE pronamespace = 'chat'::regnamespace
     ORDER BY 1`,
  );
}

test('restores every row of the snapshot, and none after it, into an empty database', async () => {
  const target = await emptyDatabase();
  expect(await restore(target, backup)).toMatchObject({ channels: 1, manifest: { parley: 'test' } });
  for (const table of ['message', 'kept_message']) await source.query(`DELETE FROM chat.${table} WHERE seq = 2`);
  const contents = await contentsOf(target);
  expect(contents).toEqual(await contentsOf(source));
  expect(contents.message).toHaveLength(2);
  expect(contents.file_chunk).toHaveLength(2);
  expect([contents.hold, contents.kept_message, contents.kept_file].map((rows) => rows?.length)).toEqual([1, 1, 1]);
  expect(await definitionsOf(target)).toEqual(await definitionsOf(source));
  expect(await column(target, "SELECT detail::text AS text FROM chat.audit WHERE actor = 'alice'")).toEqual([
    '{"a": "\\\\N\\t\\u0001"}',
  ]);
  expect(await column(target, 'SELECT kid AS text FROM chat.signing_key')).toEqual(['of users']);
  const logs = 'SELECT log_id::text AS text FROM chat.channel_head';
  expect(await column(target, logs)).not.toEqual(await column(source, logs));
  await addUser(target, 'bob');
  expect(await addChannel(target, 'bob')).toBeGreaterThan(room + 1_000_000);
  expect(
    Number((await column(target, "SELECT number::text AS text FROM chat.users WHERE id = 'bob'"))[0]),
  ).toBeGreaterThan(1_000_000);
});

test('keeps legal holds: a restored hold still keeps messages and files, and shows none of them to users', async () => {
  const target = await emptyDatabase();
  await restore(target, backup);
  const kept = "SELECT cause || ' ' || convert_from(data, 'UTF8') AS text FROM chat.kept_message WHERE seq = 3";
  expect(await column(target, kept)).toEqual(['deleted held']);
  const piece = 'SELECT encode(chat.held_piece(file_id, 0), $$hex$$) AS text FROM chat.kept_file';
  expect(await column(target, piece)).toEqual([everyByte.toString('hex')]);
  expect(await column(target, "SELECT name AS text FROM chat.file WHERE stale_at = '-infinity'")).toEqual(['c']);
  await target.query('DELETE FROM chat.message WHERE seq = 1');
  const causes = await column(target, 'SELECT cause AS text FROM chat.kept_message ORDER BY id');
  expect(causes).toEqual(['deleted', 'expired']);
});

describe('with the backup of an earlier version', () => {
  let old: Buffer;
  let target: pg.Pool;
  let targetUrl: string;
  const noData = async () => {};

  beforeAll(async () => {
    const earlier = await emptyDatabase();
    const client = await earlier.connect();
    await migrateWithin(client, '0001_schema');
    client.release();
    await addUser(earlier, 'carol');
    await addChannel(earlier, 'carol');
    old = await backupOf(earlier, noData);
    targetUrl = await server.emptyDatabase();
    target = server.pool(targetUrl, 1);
  });

  /** An owner who is no superuser does not see all facts about the connections of other users. */
  async function refusesForOwner(): Promise<void> {
    const role = `owner_${randomUUID().slice(0, 8)}`;
    await target.query(`CREATE ROLE ${role} LOGIN CREATEROLE PASSWORD 'x'`);
    const url = new URL(targetUrl);
    await withClient(url.href, async (stranger) => {
      await stranger.query('SELECT 1');
      Object.assign(url, { username: role, password: 'x' });
      await withClient(url.href, async (client) => {
        await expect(checkIdle(client, true)).rejects.toMatchObject({ reason: 'database-running' });
      });
    });
    await target.query(`DROP ROLE ${role}`);
  }

  test('refuses a schema of the same name that is not that of Parley', async () => {
    await target.query('CREATE SCHEMA chat CREATE TABLE users (id text)');
    await expect(restore(target, old, true)).rejects.toMatchObject({ reason: 'database-foreign' });
    await target.query('DROP SCHEMA chat CASCADE');
  });

  test('restores and migrates it', async () => {
    await restore(target, old);
    expect(await definitionsOf(target)).toEqual(await definitionsOf(source));
    expect(await column(target, 'SELECT folded_id AS text FROM chat.users')).toEqual(['carol']);
    expect(await column(target, 'SELECT count(*)::text AS text FROM chat.listing')).toEqual(['1']);
  });

  test('keeps a database with data, unless it may be replaced and nothing else uses it', async () => {
    await expect(restore(target, old)).rejects.toMatchObject({ reason: 'database-not-empty' });
    await target.query('CREATE VIEW report AS SELECT id FROM chat.users');
    await expect(restore(target, old, true)).rejects.toThrow('such as views');
    await target.query('DROP VIEW report');
    await withClient(targetUrl, async () => {
      await expect(restore(target, old, true)).rejects.toMatchObject({ reason: 'database-running' });
    });
    await refusesForOwner();
    const broken = Buffer.concat([old.subarray(0, -1), Buffer.from([(old.at(-1) ?? 0) ^ 1])]);
    await expect(restore(target, old, true, broken)).rejects.toMatchObject({ reason: 'backup-damaged' });
    expect(await column(target, 'SELECT id AS text FROM chat.users')).toEqual(['carol']);
  });
});

test('refuses a backup whose tables are not those of its migrations', async () => {
  await source.query('ALTER TABLE chat.users ADD COLUMN extra integer');
  const strange = await backupOf(source, async () => {});
  await source.query('ALTER TABLE chat.users DROP COLUMN extra');
  await expect(restore(await emptyDatabase(), strange)).rejects.toThrow('Somebody has changed its database');
});
