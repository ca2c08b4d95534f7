import { readFileSync } from 'node:fs';
import { TestServer } from './server.js';

function read(name: string): string {
  return readFileSync(new URL(`../../migrations/${name}.sql`, import.meta.url), 'utf8');
}

let server: TestServer;
beforeAll(async () => {
  server = TestServer.shared();
});
afterAll(() => server.stop());

test('counts older entries when the database migrates', async () => {
  const url = await server.migratedDatabase();
  const owner = server.pool(url);
  await owner.query(`
    DROP TABLE chat.usage;
    ALTER TABLE chat.channel_head DROP COLUMN stored_bytes, DROP COLUMN stored_rows;
    INSERT INTO chat.users (id, name, password_hash) VALUES ('ann', 'ann', '!'), ('bob', 'bob', '!');
    INSERT INTO chat.channel (name, owner_id) VALUES ('a', 'ann'), ('b', 'bob');
    INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, content_type, data, digest, mentions)
      SELECT c.id, n, CASE n WHEN 3 THEN 8 ELSE 0 END, c.owner_id, gen_random_uuid(), now(), 'text/x', '12345', sha256(''), '{ann,bob}'
      FROM chat.channel c, generate_series(1, 3) n WHERE c.name = 'a' OR n = 1;`);
  await owner.query(read('0022_quotas'));
  const { rows: heads } = await owner.query(
    'SELECT stored_rows::int AS rows, stored_bytes::int AS bytes FROM chat.channel_head ORDER BY channel_id',
  );
  expect(heads).toEqual([
    { rows: 3, bytes: 51 },
    { rows: 1, bytes: 17 },
  ]);
  const { rows: usage } = await owner.query(
    'SELECT user_id, rows::int AS rows, bytes::int AS bytes FROM chat.usage ORDER BY 1',
  );
  expect(usage).toEqual([
    { user_id: 'ann', rows: 2, bytes: 34 },
    { user_id: 'bob', rows: 1, bytes: 17 },
  ]);
});

test('blanks deleted and replaced text when the database migrates', async () => {
  const owner = server.pool(await server.migratedDatabase());
  await owner.query(`
    DROP FUNCTION chat.stored_bytes;
    INSERT INTO chat.users (id, name, password_hash) VALUES ('ann', 'ann', '!'), ('bob', 'bob', '!');
    INSERT INTO chat.channel (name, owner_id) VALUES ('a', 'ann');
    INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, content_type, data, digest, mentions, target_seq, deleted_at)
      SELECT c.id, m.seq, m.kind, m.sender, gen_random_uuid(), now(), 'text/x', '', sha256(''), '{ann,bob}', m.target::bigint, m.deleted::timestamptz
      FROM chat.channel c, (VALUES
        (1, 0, 'ann', NULL, now()), (2, 0, 'bob', NULL, NULL), (3, 1, 'bob', 2, NULL), (4, 1, 'bob', 2, NULL)
      ) AS m (seq, kind, sender, target, deleted);
    UPDATE chat.channel_head SET stored_bytes = 48, stored_rows = 4;
    INSERT INTO chat.usage (user_id, bytes, rows) VALUES ('ann', 12, 1), ('bob', 36, 3);`);
  await owner.query(read('0027_deleted_means_blank'));
  const { rows: left } = await owner.query('SELECT content_type, mentions FROM chat.message ORDER BY seq');
  const [blank, whole] = [
    { content_type: '', mentions: [] },
    { content_type: 'text/x', mentions: ['ann', 'bob'] },
  ];
  expect(left).toEqual([blank, whole, blank, whole]);
  const { rows: counted } = await owner.query(`
    SELECT stored_bytes::int AS bytes, stored_rows::int AS rows FROM chat.channel_head
    UNION ALL (SELECT bytes::int, rows::int FROM chat.usage ORDER BY user_id)`);
  expect(counted).toEqual([
    { bytes: 24, rows: 4 },
    { bytes: 0, rows: 1 },
    { bytes: 24, rows: 3 },
  ]);
});

test('blanks the content of deletions, pins and reactions when the database migrates', async () => {
  const owner = server.pool(await server.migratedDatabase());
  await owner.query(`
    INSERT INTO chat.users (id, name, password_hash) VALUES ('ann', 'ann', '!');
    INSERT INTO chat.channel (name, owner_id) VALUES ('a', 'ann');
    INSERT INTO chat.message (channel_id, seq, kind, sender_id, client_id, sent_at, content_type, data, digest, mentions, target_seq)
      SELECT c.id, m.seq, m.kind, 'ann', gen_random_uuid(), now(), 'x/y', 'data', sha256(''), '{ann}', m.target::bigint
      FROM chat.channel c, (VALUES (1, 0, NULL), (2, 2, 1), (3, 3, 1), (4, 5, 1), (5, 1, 1)) AS m (seq, kind, target);
    UPDATE chat.channel_head SET stored_bytes = 50, stored_rows = 5;
    INSERT INTO chat.usage (user_id, bytes, rows) VALUES ('ann', 50, 5);`);
  await owner.query(read('0030_changes_carry_nothing'));
  const { rows: left } = await owner.query(
    'SELECT convert_from(data, $$utf8$$) AS data, content_type, mentions FROM chat.message ORDER BY seq',
  );
  const whole = { data: 'data', content_type: 'x/y', mentions: ['ann'] };
  const blank = { data: '', content_type: '', mentions: [] };
  expect(left).toEqual([whole, blank, { ...blank, data: 'data' }, blank, whole]);
  const { rows: counted } = await owner.query(`
    SELECT stored_bytes::int AS bytes FROM chat.channel_head UNION ALL SELECT bytes::int FROM chat.usage`);
  expect(counted).toEqual([{ bytes: 24 }, { bytes: 24 }]);
});
