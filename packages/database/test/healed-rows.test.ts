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

test('frees muted and banned owners when the database migrates', async () => {
  const owner = server.pool(await server.migratedDatabase());
  await owner.query(`
    INSERT INTO chat.users (id, name, password_hash) VALUES ('ann', 'ann', '!'), ('bob', 'bob', '!');
    INSERT INTO chat.channel (name, owner_id, kind) VALUES ('a', 'ann', 'group'), ('b', 'bob', 'group');
    INSERT INTO chat.member (channel_id, user_id, joined_seq, muted_until, banned_until)
      SELECT c.id, u.id, 0, 'infinity', CASE WHEN c.owner_id = u.id THEN timestamptz 'infinity' END
      FROM chat.channel c, chat.users u WHERE c.name = 'a';`);
  const revisions = 'SELECT revision::int FROM chat.channel_head ORDER BY channel_id';
  const [before, other] = (await owner.query<{ revision: number }>(revisions)).rows;
  await owner.query(read('0085_owners_are_free'));
  const { rows } = await owner.query(
    'SELECT user_id, muted_until IS NOT NULL AS muted, banned_until IS NOT NULL AS banned FROM chat.member ORDER BY 1',
  );
  expect(rows).toEqual([
    { user_id: 'ann', muted: false, banned: false },
    { user_id: 'bob', muted: true, banned: false },
  ]);
  expect((await owner.query(revisions)).rows).toEqual([{ revision: (before?.revision ?? 0) + 1 }, other]);
});

test('ends bots of creators and channels that are gone when the database migrates', async () => {
  const owner = server.pool(await server.migratedDatabase());
  await owner.query(`
    DROP FUNCTION chat.account_ended, chat.member_ended, chat.channel_ended CASCADE;
    DROP FUNCTION chat.end_bots;
    INSERT INTO chat.users (id, name, password_hash, role, status) SELECT id, id, '!', role, status FROM (VALUES
      ('here', 'user', 'active'), ('gone', 'user', 'active'), ('banned', 'user', 'active'), ('suspended', 'user', 'suspended'),
      ('operator', 'admin', 'suspended')) AS u (id, role, status);
    INSERT INTO chat.channel (name, owner_id, kind, deleted_at) VALUES ('a', 'here', 'group', NULL), ('b', 'here', 'group', now());
    INSERT INTO chat.member (channel_id, user_id, joined_seq, left_seq, banned_until)
      SELECT c.id, u.id, 0, CASE WHEN u.id IN ('gone', 'banned') THEN 0 END, CASE u.id WHEN 'banned' THEN timestamptz 'infinity' END
      FROM chat.channel c, chat.users u;
    INSERT INTO chat.users (id, name, password_hash, bot) SELECT c.name || '-' || u.id, 'bot', '!', true FROM chat.channel c, chat.users u;
    INSERT INTO chat.bot (user_id, channel_id, created_by)
      SELECT c.name || '-' || u.id, c.id, u.id FROM chat.channel c, chat.users u WHERE NOT u.bot;
    INSERT INTO chat.session (user_id, expires_at) SELECT user_id, 'infinity' FROM chat.bot;`);
  await owner.query(read('0086_bots_end_with_their_creators'));
  const { rows } = await owner.query<{ user_id: string }>(`
    SELECT b.user_id FROM chat.bot b JOIN chat.users u ON u.id = b.user_id AND u.status = 'active'
    JOIN chat.session s ON s.user_id = b.user_id AND s.revoked_at IS NULL WHERE b.revoked_at IS NULL ORDER BY 1`);
  expect(rows.map(({ user_id }) => user_id)).toEqual(['a-here', 'a-operator']);
});
