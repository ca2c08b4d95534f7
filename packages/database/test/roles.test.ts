import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { migrate, openRoles, roleUrl, SERVICE_ROLES, type ServiceRole } from '../src/index.js';
import { withClient } from '../src/roles.js';
import { addChannel, addUser, TestServer } from './server.js';

const DENIED = { code: '42501' };

let server: TestServer;
let url: string;
let owner: pg.Pool;
let roles: Record<ServiceRole, pg.Pool>;
let room: number;
const boot = randomUUID();
let bootSecret: Buffer;

beforeAll(async () => {
  server = await TestServer.start();
  url = await server.migratedDatabase();
  owner = server.pool(url);
  const pools: [ServiceRole, pg.Pool][] = [];
  for (const role of SERVICE_ROLES) pools.push([role, await server.rolePool(url, role)]);
  roles = Object.fromEntries(pools) as Record<ServiceRole, pg.Pool>;
  await addUser(owner, 'alice');
  room = await addChannel(owner, 'alice');
  await owner.query(
    "INSERT INTO chat.server (instance_id, name, addr, internal_addr, lease_until) VALUES ($1, 's', 'a', 'b', now())",
    [boot],
  );
  await owner.query('UPDATE chat.channel_head SET instance_id = $1, epoch = 7 WHERE channel_id = $2', [boot, room]);
});
afterAll(() => server.stop());

function publishKey(
  role: ServiceRole,
  purpose: string,
  life = '2 hours',
  by = randomUUID(),
  proof?: Buffer,
): Promise<unknown> {
  return roles[role].query(
    "INSERT INTO chat.signing_key (kid, purpose, owner, public_jwk, expires_at, proof) VALUES ($1, $2, $3, '{}', now() + $4::interval, $5)",
    [randomUUID(), purpose, by, life, proof],
  );
}

test.each<[ServiceRole, string[]]>([
  ['chat_user', ['user']],
  ['chat_manager', ['join', 'manager']],
  ['chat_server', ['chat']],
  ['chat_gateway', ['gateway']],
])('the role %s can publish keys of the purposes %j and no others', async (role, allowed) => {
  for (const purpose of ['user', 'join', 'manager', 'chat', 'gateway']) {
    const published = publishKey(role, purpose);
    if (allowed.includes(purpose)) await expect(published).resolves.toBeDefined();
    else await expect(published).rejects.toMatchObject(DENIED);
  }
});

test('limits the lifetime of keys and lets no role set their creation time', async () => {
  for (const [role, purpose, life] of [
    ['chat_server', 'chat', '7 hours'],
    ['chat_manager', 'manager', '7 hours'],
    ['chat_manager', 'join', '4 days'],
    ['chat_user', 'user', '11 days'],
    ['chat_gateway', 'gateway', '7 hours'],
  ] as const) {
    await expect(publishKey(role, purpose, life)).rejects.toMatchObject({ constraint: 'key_life' });
  }
  const backdated =
    "INSERT INTO chat.signing_key (kid, purpose, owner, public_jwk, created_at, expires_at) VALUES ('k', 'chat', 'me', '{}', 'infinity', 'infinity')";
  await expect(roles.chat_server.query(backdated)).rejects.toMatchObject(DENIED);
});

test('lets the manager purge expired keys only', async () => {
  await publishKey('chat_user', 'user');
  await publishKey('chat_user', 'user', '-1 second');
  const { rowCount } = await roles.chat_manager.query('DELETE FROM chat.signing_key WHERE purpose = $1', ['user']);
  expect(rowCount).toBe(1);
});

test('further keys of an id need the secret of its first key', async () => {
  const [secret, another] = [randomBytes(32), randomBytes(32)];
  await publishKey('chat_server', 'chat', '1 hour', boot, secret);
  await publishKey('chat_server', 'chat', '1 hour', boot, secret);
  for (const proof of [undefined, another, Buffer.alloc(0), createHash('sha256').update(secret).digest()]) {
    await expect(publishKey('chat_server', 'chat', '1 hour', boot, proof)).rejects.toMatchObject(DENIED);
  }
  const { rows } = await roles.chat_server.query(
    'SELECT count(*)::int AS keys, count(DISTINCT chain)::int AS chains, bool_and(proof IS NULL) AS hidden FROM chat.signing_key WHERE owner = $1',
    [boot],
  );
  expect(rows).toEqual([{ keys: 2, chains: 1, hidden: true }]);
  await owner.query('DELETE FROM chat.signing_key WHERE owner = $1', [boot]); // as if a restore had lost the keys
  await publishKey('chat_server', 'chat', '1 hour', boot, secret);
  const chains = 'SELECT count(*)::int AS n FROM chat.signing_key WHERE owner = $1 AND chain = $2';
  const chain = createHash('sha256').update(secret).digest('hex');
  expect((await owner.query(chains, [boot, chain])).rows).toEqual([{ n: 1 }]);
  const shared = randomUUID();
  await publishKey('chat_server', 'chat', '1 hour', shared, Buffer.alloc(8));
  await expect(publishKey('chat_server', 'chat', '1 hour', shared, Buffer.alloc(8))).rejects.toMatchObject(DENIED);
  await owner.query(
    'UPDATE chat.server SET chain = (SELECT min(chain) FROM chat.signing_key WHERE owner = $1::text) WHERE instance_id = $1',
    [boot],
  );
  bootSecret = secret;
});

test.each<ServiceRole>(['chat_manager', 'chat_server', 'chat_gateway'])(
  '%s cannot read password hashes',
  async (role) => {
    await expect(roles[role].query('SELECT password_hash FROM chat.users')).rejects.toMatchObject(DENIED);
  },
);

test.each([
  ['promote itself', "UPDATE chat.users SET role = 'admin'"],
  ['lift a suspension', "UPDATE chat.users SET status = 'active'"],
  [
    'register an administrator',
    "INSERT INTO chat.users (id, name, password_hash, role) VALUES ('x', 'x', '!', 'admin')",
  ],
  ['set a user', "SELECT chat.set_user('alice', 'alice', 'admin', NULL)"],
  ['revive a session', 'UPDATE chat.session SET expires_at = now()'],
  ['read messages', 'SELECT FROM chat.message'],
  ['read channels', 'SELECT FROM chat.channel'],
  ['write an audit line', "INSERT INTO chat.audit (actor, action, target) VALUES ('a', 'b', 'c')"],
  ['publish an event', "SELECT chat.publish('x', 1, '{}', '{}')"],
])('the user-service cannot %s', async (_, statement) => {
  await expect(roles.chat_user.query(statement)).rejects.toMatchObject(DENIED);
});

test.each([
  ['the writing of messages', "UPDATE chat.message SET data = ''"],
  ['the writing of members', 'DELETE FROM chat.member'],
  ['email addresses', 'SELECT email FROM chat.users'],
  ['passwords', 'SELECT password_hash FROM chat.users'],
  ['the devices of sessions', 'SELECT device FROM chat.session'],
  ['the writing of sessions', 'UPDATE chat.session SET revoked_at = NULL'],
  ['throttles', 'SELECT FROM chat.rate'],
  ['events', "SELECT chat.publish('x', 1, '{}', '{}')"],
  ['the metric of a server', 'SELECT metric FROM chat.server'],
])('the gateway cannot reach %s', async (_, statement) => {
  await expect(roles.chat_gateway.query(statement)).rejects.toMatchObject(DENIED);
});

test.each([
  ['a temporary table', 'CREATE TEMPORARY TABLE mine (a int)'],
  ['a large object', 'SELECT lo_create(0)'],
  ['an advisory lock', "SELECT pg_advisory_lock(hashtext('chat.event'))"],
  ['the lock that orders events', 'SELECT FROM chat.turn FOR UPDATE'],
  ['a lock on an account', 'SELECT id FROM chat.users FOR SHARE'],
])('no role that faces clients can take %s', async (what, statement) => {
  for (const role of SERVICE_ROLES) {
    if (what === 'a lock on an account' && (role === 'chat_manager' || role === 'chat_user')) continue; // These two roles may lock accounts.
    await expect(roles[role].query(statement)).rejects.toMatchObject(DENIED);
  }
});

test('limits the connections and waits of every role', async () => {
  const { rows } = await owner.query(
    `SELECT rolname, rolconnlimit AS most, rolconfig::text AS config, current_setting('max_connections')::int AS all FROM pg_roles WHERE rolname = ANY ($1)`,
    [SERVICE_ROLES],
  );
  expect(rows).toHaveLength(4);
  for (const { most, all, config } of rows) {
    expect(most).toBeGreaterThanOrEqual(5);
    expect(most).toBeLessThan(all * 0.75);
    for (const name of ['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout'])
      expect(config).toContain(`${name}=`);
  }
});

test.each([
  ['raise an epoch', 'UPDATE chat.channel_head SET epoch = epoch + 1'],
  ['claim a channel', "UPDATE chat.channel_head SET instance_id = '00000000-0000-0000-0000-000000000000'"],
  ['set a lease', "UPDATE chat.server SET lease_until = 'infinity'"],
  ['make a seat', 'INSERT INTO chat.seat SELECT FROM chat.seat'],
  ['move a seat', 'UPDATE chat.seat SET instance_id = NULL'],
  ['make a member', 'INSERT INTO chat.member SELECT FROM chat.member'],
  ['promote a member', "UPDATE chat.member SET role = 'admin'"],
  ['promote a user', "UPDATE chat.users SET role = 'admin'"],
  ['revive a session', 'UPDATE chat.session SET revoked_at = NULL'],
  ['read invites', 'SELECT * FROM chat.invite'],
  ['read files', 'SELECT * FROM chat.file_chunk'],
  ['read email addresses', 'SELECT email FROM chat.users'],
  ['publish an event', "SELECT chat.publish('x', 1, '{}', '{}')"],
  ['write an audit line', "INSERT INTO chat.audit (actor, action, target) VALUES ('a', 'b', 'c')"],
  ['change the sender of a message', "UPDATE chat.message SET sender_id = 'alice'"],
  ['erase a message', 'DELETE FROM chat.message'],
])('the chat server cannot %s', async (_, statement) => {
  await expect(roles.chat_server.query(statement)).rejects.toMatchObject(DENIED);
});

test.each([
  ['promote a user without an audit entry', "UPDATE chat.users SET role = 'admin'"],
  ['suspend a user without an audit entry', "UPDATE chat.users SET status = 'suspended'"],
  ['revive a session', 'UPDATE chat.session SET revoked_at = NULL'],
  ['end a session', 'DELETE FROM chat.session'],
  ['read password hashes', 'SELECT password_hash FROM chat.users'],
  ['change email addresses', "UPDATE chat.users SET email = 'x@example.org'"],
  ['delete a user without an audit entry', "UPDATE chat.users SET status = 'deleted'"],
])('the manager cannot %s', async (_, statement) => {
  await expect(roles.chat_manager.query(statement)).rejects.toMatchObject(DENIED);
});

test('a manager can change an account for an active operator, the database owner for anyone, and no other role at all', async () => {
  const set = "SELECT chat.set_user($1, 'alice', 'admin', NULL) AS outcome";
  for (const role of ['chat_user', 'chat_server', 'chat_gateway'] as const) {
    await expect(roles[role].query(set, ['alice'])).rejects.toMatchObject(DENIED);
  }
  const outcomeOf = async (pool: pg.Pool, actor: string) => (await pool.query(set, [actor])).rows[0]?.outcome;
  for (const actor of ['alice', 'nobody', '(database)']) {
    expect(await outcomeOf(roles.chat_manager, actor)).toBe('not-operator');
  }
  expect(await outcomeOf(owner, '(database)')).toBe('done');
  expect(await outcomeOf(roles.chat_manager, 'alice')).toBe('done');
  await owner.query("CREATE ROLE hosted LOGIN PASSWORD 'hosted' IN ROLE chat_manager");
  const hosted = new URL(url);
  hosted.username = hosted.password = 'hosted';
  expect(await outcomeOf(server.pool(hosted.href), 'nobody')).toBe('not-operator');
  const { rows } = await owner.query('SELECT actor, action, target FROM chat.audit ORDER BY id');
  expect(rows).toEqual([
    { actor: '(database)', action: 'user.set', target: 'alice' },
    { actor: 'alice', action: 'user.set', target: 'alice' },
  ]);
});

test.each<[ServiceRole, string]>([
  [
    'chat_server',
    'UPDATE chat.channel_head SET last_seq = last_seq + 1, last_at = now() WHERE epoch = 1 RETURNING revision',
  ],
  ['chat_server', 'INSERT INTO chat.message SELECT * FROM chat.message'],
  ['chat_server', 'UPDATE chat.message SET data = data, edited_at = now(), deleted_at = now(), pinned_at = now()'],
  [
    'chat_server',
    `UPDATE chat.seat t SET live = true FROM chat.channel_head h, chat.channel c, chat.users u, chat.session s
     WHERE h.channel_id = t.channel_id AND h.epoch = t.epoch AND c.id = t.channel_id AND u.id = t.user_id
     AND u.status = 'active' AND s.id = t.session_id AND s.revoked_at IS NULL RETURNING t.channel_id, u.number, u.name`,
  ],
  ['chat_server', 'DELETE FROM chat.seat WHERE instance_id IS NULL'],
  [
    'chat_user',
    'INSERT INTO chat.session (user_id, expires_at) SELECT id, now() FROM chat.users WHERE password_hash = $$!$$',
  ],
  ['chat_user', 'DELETE FROM chat.seat WHERE session_id IS NULL'],
  [
    'chat_manager',
    'INSERT INTO chat.seat AS t SELECT * FROM chat.seat ON CONFLICT (user_id) WHERE exclusive DO UPDATE SET live = false',
  ],
  ['chat_manager', 'UPDATE chat.channel_head SET instance_id = NULL, epoch = epoch + 1, revision = revision + 1'],
  ['chat_gateway', 'SELECT internal_addr FROM chat.server WHERE lease_until > now() AND state <> $$stopped$$'],
])('%s may: %s', async (role, statement) => {
  await roles[role].query(`EXPLAIN ${statement}`);
});

test('lets no role rewrite the audit, the migrations or its own rights', async () => {
  for (const role of SERVICE_ROLES) {
    await expect(roles[role].query("UPDATE chat.audit SET actor = 'x'")).rejects.toMatchObject(DENIED);
    for (const table of ['migration', 'applied_migration'])
      await expect(roles[role].query(`DELETE FROM chat.${table}`)).rejects.toMatchObject(DENIED);
    await expect(roles[role].query('CREATE TABLE chat.mine (a int)')).rejects.toMatchObject(DENIED);
  }
});

test('lets a chat server renew only its own lease, by at most 30 s and not after a goodbye', async () => {
  const within = `SELECT chat.renew_lease($1, $2, '1 year') BETWEEN now() + interval '29 s' AND now() + interval '31 s' AS ok`;
  expect((await roles.chat_server.query(within, [boot, bootSecret])).rows).toEqual([{ ok: true }]);
  for (const secret of [randomBytes(32), null, createHash('sha256').update(bootSecret).digest()]) {
    expect((await roles.chat_server.query(within, [boot, secret])).rows).toEqual([{ ok: null }]);
  }
  await owner.query("UPDATE chat.server SET lease_until = now() + interval '1 hour' WHERE instance_id = $1", [boot]);
  expect((await roles.chat_server.query(within, [boot, bootSecret])).rows).toEqual([{ ok: true }]); // the clock was set back
  await owner.query("UPDATE chat.server SET state = 'stopped' WHERE instance_id = $1", [boot]);
  const again = "SELECT chat.renew_lease($1, $2, '3 s') AS until";
  expect((await roles.chat_server.query(again, [boot, bootSecret])).rows).toEqual([{ until: null }]);
});

test('lets a chat server give back only a channel it owns at that epoch', async () => {
  const giveBack = async (me: string, epoch: number) =>
    (await roles.chat_server.query('SELECT chat.give_back($1, $2, $3) AS done', [me, room, epoch])).rows[0]?.done;
  expect(await giveBack(randomUUID(), 7)).toBe(false);
  expect(await giveBack(boot, 6)).toBe(false);
  expect(await giveBack(boot, 7)).toBe(true);
  const { rows } = await owner.query('SELECT instance_id, epoch FROM chat.channel_head WHERE channel_id = $1', [room]);
  expect(rows).toEqual([{ instance_id: null, epoch: 7 }]);
});

test('lets the manager create a channel, and with it a head and an event', async () => {
  const id = await addChannel(roles.chat_manager, 'alice', 'group');
  const insert = "INSERT INTO chat.member (channel_id, user_id, joined_seq) VALUES ($1, 'alice', 0)";
  await roles.chat_manager.query(insert, [id]);
  const { rows } = await owner.query('SELECT kind FROM chat.event WHERE channel_id = $1 ORDER BY id', [id]);
  expect(rows).toEqual([{ kind: 'chat_created' }, { kind: 'member_added' }]);
});

test('opens the roles from five processes at once, with passwords that need escaping', async () => {
  const awkward = "a'b\\c%d/@:é";
  const passwords = Object.fromEntries(SERVICE_ROLES.map((role) => [role, awkward])) as Record<ServiceRole, string>;
  await Promise.all(Array.from({ length: 5 }, () => openRoles(url, passwords)));
  const pool = server.pool(roleUrl(url, 'chat_user', awkward));
  expect((await pool.query('SELECT current_user AS me')).rows).toEqual([{ me: 'chat_user' }]);
});

test('limits the temporary files of a stolen role, but not its memory', async () => {
  const passwords = Object.fromEntries(SERVICE_ROLES.map((role) => [role, 'mine'])) as Record<ServiceRole, string>;
  await openRoles(url, passwords);
  for (const role of SERVICE_ROLES) {
    const thief = server.pool(roleUrl(url, role, 'mine'));
    for (const lift of ['SET', 'ALTER ROLE CURRENT_USER SET'])
      await expect(thief.query(`${lift} temp_file_limit = -1`)).rejects.toMatchObject(DENIED);
    await thief.query('ALTER ROLE CURRENT_USER RESET ALL');
  }
  for (const role of SERVICE_ROLES) {
    const thief = server.pool(roleUrl(url, role, 'mine'), 1);
    await thief.query("SET work_mem = '1GB'");
    expect((await thief.query('SHOW work_mem')).rows).toEqual([{ work_mem: '1GB' }]);
    await thief.query("SET work_mem = '64kB'");
    const sort =
      'SELECT count(*) FROM (SELECT md5(n::text) AS word FROM generate_series(1, 2000000) n ORDER BY word) x';
    await expect(thief.query(sort)).rejects.toMatchObject({ code: '53400' }); // over temp_file_limit
  }
});

test('resets the session defaults of a stolen role', async () => {
  const passwords = Object.fromEntries(SERVICE_ROLES.map((role) => [role, 'mine'])) as Record<ServiceRole, string>;
  await openRoles(url, passwords);
  const login = roleUrl(url, 'chat_server', 'mine');
  const thief = server.pool(login);
  await thief.query('ALTER ROLE CURRENT_USER SET default_transaction_read_only = on');
  await thief.query(
    `ALTER ROLE CURRENT_USER IN DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`,
  );
  await thief.query("ALTER ROLE CURRENT_USER SET default_transaction_isolation = 'serializable'");
  const isolation = "SELECT current_setting('default_transaction_isolation') AS it";
  expect((await server.pool(login).query(isolation)).rows).toEqual([{ it: 'read committed' }]);
  const readOnly = () =>
    withClient(
      login,
      async (client) => (await client.query("SELECT current_setting('default_transaction_read_only') AS it")).rows,
    );
  expect(await readOnly()).toEqual([{ it: 'on' }]);
  await openRoles(url, passwords);
  expect(await readOnly()).toEqual([{ it: 'off' }]);
});

test('the roles cannot connect to other databases of an embedded server', async () => {
  const passwords = Object.fromEntries(SERVICE_ROLES.map((role) => [role, 'mine'])) as Record<ServiceRole, string>;
  await openRoles(url, passwords);
  for (const database of ['postgres', 'template1']) {
    const other = new URL(roleUrl(url, 'chat_gateway', 'mine'));
    other.pathname = `/${database}`;
    await expect(withClient(other.href, async () => undefined)).rejects.toMatchObject(DENIED);
  }
});

test('refuses a second Parley in the same PostgreSQL server', async () => {
  const passwords = Object.fromEntries(SERVICE_ROLES.map((role) => [role, 'first'])) as Record<ServiceRole, string>;
  await openRoles(url, passwords);
  const other = await server.emptyDatabase();
  const held = new URL(url).pathname.slice(1);
  const refused = `The database ${held} of this PostgreSQL server already holds a Parley.`;
  await expect(migrate(other)).rejects.toThrow(refused);
  await expect(openRoles(other, passwords)).rejects.toThrow(refused);
  expect((await server.pool(other).query("SELECT to_regclass('chat.users') AS users")).rows).toEqual([{ users: null }]);
  await migrate(url);
  await openRoles(url, passwords);
  expect((await server.pool(roleUrl(url, 'chat_user', 'first')).query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

test('ignores PG* variables of the environment', async () => {
  process.env.PGSSLMODE = 'require';
  process.env.PGOPTIONS = '-c statement_timeout=1';
  const { rows } = await server.pool(url).query("SELECT pg_sleep(0.05), current_setting('statement_timeout') AS most");
  expect(rows).toMatchObject([{ most: '0' }]);
  await openRoles(url, Object.fromEntries(SERVICE_ROLES.map((role) => [role, 'x'])) as Record<ServiceRole, string>);
});
