import { readFileSync } from 'node:fs';
import { TestServer } from './server.js';

const migration = readFileSync(new URL('../../migrations/0022_quotas.sql', import.meta.url), 'utf8');

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

test('what was stored before there were quotas is counted when the database migrates', async () => {
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
  await owner.query(migration);
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
