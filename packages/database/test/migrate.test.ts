import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type pg from 'pg';
import { checkSchema, migrate, transaction } from '../src/index.js';
import { addChannel, addUser, TestServer } from './server.js';

const run = promisify(execFile);
const ALL = readdirSync(new URL('../../migrations/', import.meta.url))
  .map((file) => file.replace(/\.sql$/, ''))
  .sort();
const SCRIPT = `
  const { migrate } = await import(process.argv[1]);
  process.stdout.write(JSON.stringify(await migrate(process.argv[2])));
`;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

async function waitForWaiter(pool: pg.Pool): Promise<void> {
  const waiting = 'SELECT FROM pg_locks WHERE NOT granted';
  while ((await pool.query(waiting)).rowCount === 0) await sleep(10);
}

async function migrateInProcess(url: string): Promise<string[]> {
  const module = new URL('../src/index.js', import.meta.url).href;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', SCRIPT, module, url]);
  return JSON.parse(stdout);
}

// This must be the first test of the file, because later tests create the roles.
test('migrates while another database of the cluster creates the same roles', async () => {
  const url = await server.emptyDatabase();
  const other = server.pool(server.url);
  const migrated = await transaction(other, async (client) => {
    await client.query('CREATE ROLE chat_user NOLOGIN');
    const migration = migrate(url);
    await waitForWaiter(other);
    return { migration };
  });
  expect(await migrated.migration).toEqual(ALL);
});

test('migrates an empty database once', async () => {
  const url = await server.emptyDatabase();
  expect(await migrate(url)).toEqual(ALL);
  expect(await migrate(url)).toEqual([]);
});

test('applies each migration once if five processes migrate at the same time', async () => {
  const url = await server.emptyDatabase();
  const applied = await Promise.all(Array.from({ length: 5 }, () => migrateInProcess(url)));
  expect(applied.flat()).toEqual(ALL);
});

const replacedWords = readFileSync(new URL('../../migrations/0020_replaced_words.sql', import.meta.url), 'utf8');
const retention = readFileSync(new URL('../../migrations/0033_retention.sql', import.meta.url), 'utf8');

test('removes replaced and deleted text when an older database migrates', async () => {
  const url = await server.migratedDatabase();
  const owner = server.pool(url);
  await addUser(owner, 'ann');
  const id = await addChannel(owner, 'ann', 'group');
  await owner.query(
    `INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, target_seq, data, digest, deleted_at)
     SELECT $1, s, k, 'ann', gen_random_uuid(), now(), t, CASE WHEN s = 2 THEN '' ELSE 'words' END::bytea, sha256(''), CASE WHEN s = 2 THEN now() END
     FROM (VALUES (1, 0, NULL), (2, 0, NULL), (3, 1, 1), (4, 1, 1), (5, 1, 2), (6, 0, 1)) AS v (s, k, t)`,
    [id],
  );
  await owner.query(replacedWords);
  const { rows } = await owner.query("SELECT seq FROM chat.message WHERE data <> '' ORDER BY seq");
  expect(rows.map(({ seq }) => Number(seq))).toEqual([1, 4, 6]);
});

test('keeps the retention and the counts of existing channels when their columns are renamed', async () => {
  const owner = server.pool(await server.migratedDatabase());
  await addUser(owner, 'ann');
  const id = await addChannel(owner, 'ann', 'group');
  await owner.query(`
    ALTER TABLE chat.channel RENAME COLUMN retention_seconds TO keep_seconds;
    ALTER TABLE chat.channel RENAME COLUMN retention_count TO keep_count;
    ALTER TABLE chat.channel RENAME CONSTRAINT channel_retention_seconds_check TO channel_keep_seconds_check;
    ALTER TABLE chat.channel RENAME CONSTRAINT channel_retention_count_check TO channel_keep_count_check;
    ALTER TABLE chat.retention_count RENAME TO kept;
    ALTER TABLE chat.kept RENAME CONSTRAINT retention_count_pkey TO kept_pkey;
    ALTER TABLE chat.kept RENAME CONSTRAINT retention_count_channel_id_fkey TO kept_channel_id_fkey;
    UPDATE chat.channel SET keep_seconds = 60, keep_count = 3;
    INSERT INTO chat.kept SELECT id, gen_random_uuid(), 1, 2, 2 FROM chat.channel;`);
  await owner.query(retention);
  const { rows } = await owner.query(
    `SELECT c.id, c.retention_seconds, c.retention_count, k.messages
     FROM chat.channel c JOIN chat.retention_count k ON k.channel_id = c.id`,
  );
  expect(rows).toEqual([{ id, retention_seconds: 60, retention_count: 3, messages: 2 }]);
});

test('refuses a newer database in one sentence', async () => {
  const url = await server.migratedDatabase();
  const owner = server.pool(url);
  await owner.query("INSERT INTO chat.migration (name, timestamp) VALUES ('0999_later', '')");
  const sentence = 'The database has migration 0999_later, which this version of Parley does not know. Update Parley.';
  await expect(migrate(url)).rejects.toThrow(sentence);
  await expect(checkSchema(owner)).rejects.toThrow(sentence);
});

test('refuses a database that lacks a migration', async () => {
  const url = await server.migratedDatabase();
  const service = await server.rolePool(url, 'chat_server');
  await expect(checkSchema(service)).resolves.toBeUndefined();
  await server.pool(url).query("DELETE FROM chat.migration WHERE name = '0002_roles'");
  await expect(checkSchema(service)).rejects.toThrow('lacks migration 0002_roles');
});
