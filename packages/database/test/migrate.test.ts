import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type pg from 'pg';
import { checkSchema, migrate, transaction } from '../src/index.js';
import { migrateWithin } from '../src/migrate.js';
import { requiredBy } from '../src/migration-files.js';
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

const lastWithoutKind = ALL.indexOf('0112_bot_commands') + 1;
const namesOf = 'SELECT name FROM chat.migration ORDER BY name';

test('refuses a newer database in one sentence', async () => {
  const url = await server.migratedDatabase();
  const owner = server.pool(url);
  await owner.query("INSERT INTO chat.migration (name, timestamp) VALUES ('0999_later', '')");
  const sentence = 'The database has migration 0999_later, which this version of Parley does not know. Update Parley.';
  await expect(migrate(url)).rejects.toThrow(sentence);
  await expect(checkSchema(owner)).rejects.toThrow(sentence);
});

/** Makes the database of a version that listed every migration in `chat.migration`, and no other table. */
async function earlierDatabase(): Promise<{ url: string; owner: pg.Pool }> {
  const url = await server.emptyDatabase();
  const owner = server.pool(url);
  await transaction(owner, (client) => migrateWithin(client, ALL[lastWithoutKind - 1]));
  await owner.query('DROP TABLE chat.applied_migration');
  return { url, owner };
}

test('an upgrade leaves the list that the previous version checks as it was', async () => {
  const { url, owner } = await earlierDatabase();
  const { rows: before } = await owner.query(namesOf);
  expect(before.map(({ name }) => name)).toEqual(ALL.slice(0, lastWithoutKind));
  expect(await migrate(url)).toEqual(ALL.slice(lastWithoutKind));
  expect((await owner.query(namesOf)).rows).toEqual(before);
  await expect(checkSchema(owner)).resolves.toBeUndefined();
});

test('a migration that fails changes nothing, and its error says what to do', async () => {
  const { url, owner } = await earlierDatabase();
  await owner.query('CREATE TABLE chat.presence ()'); // 0114_presence makes this table.
  const failure = await migrate(url).catch((thrown: Error) => thrown);
  expect(failure).toMatchObject({
    code: '42P07',
    message:
      'Migration 0114_presence failed (relation "presence" already exists). Nothing has changed, and running services can go on. Correct the cause, then migrate again.',
  });
  const { rows } = await owner.query(
    "SELECT to_regclass('chat.applied_migration') AS book, to_regprocedure('chat.purge_guests(int, int)') AS of_0113",
  );
  expect(rows).toEqual([{ book: null, of_0113: null }]);
  await owner.query('DROP TABLE chat.presence');
  expect(await migrate(url)).toEqual(ALL.slice(lastWithoutKind));
});

test('a migration says whether the previous version can run with it', () => {
  const name = '0120_later';
  expect(requiredBy(name, '-- expand\nSELECT 1;')).toBeUndefined();
  expect(requiredBy(name, '-- contract 0116_column\nSELECT 1;')).toBe('0116_column');
  for (const first of [
    'SELECT 1;',
    '-- Expand\n',
    '-- contract\n',
    '-- contract 0120_later\n',
    '-- contract 0121_x\n',
  ]) {
    expect(() => requiredBy(name, first)).toThrow('Migration 0120_later does not say');
  }
});

test('no migration that says it only expands the schema removes anything', () => {
  const removes =
    /\bDROP (TABLE|COLUMN|CONSTRAINT|INDEX|TRIGGER|FUNCTION|VIEW|TYPE|SCHEMA)\b|\bRENAME\b|\bSET NOT NULL\b|\bALTER (COLUMN )?\w+ (SET DATA )?TYPE\b/i;
  const found = ALL.slice(lastWithoutKind).filter((name) => {
    const text = readFileSync(new URL(`../../migrations/${name}.sql`, import.meta.url), 'utf8');
    return text.startsWith('-- expand\n') && removes.test(text);
  });
  expect(found).toEqual([]);
});

// The last test, because it binds the roles to its database.
test('a service runs with a database that a later version has only expanded, and not with one that lacks a migration', async () => {
  const url = await server.migratedDatabase();
  const owner = server.pool(url);
  const service = await server.rolePool(url, 'chat_server');
  await owner.query("INSERT INTO chat.applied_migration (name, timestamp) VALUES ('0999_later', '')");
  await expect(checkSchema(service)).resolves.toBeUndefined();
  expect(await migrate(url)).toEqual([]);
  await owner.query("DELETE FROM chat.applied_migration WHERE name = '0002_roles'");
  await expect(migrate(url)).rejects.toThrow('The database has migration 0999_later');
  await owner.query("DELETE FROM chat.applied_migration WHERE name = '0999_later'");
  await expect(checkSchema(service)).rejects.toThrow('lacks migration 0002_roles');
});
