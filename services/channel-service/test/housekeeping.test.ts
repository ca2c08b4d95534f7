import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedServer, migrate, openRoles, roleUrl, type ServiceRole, startEmbedded } from '@parley/database';
import { Refusal } from '@parley/runtime';
import { until } from '@parley/testkit';
import { type Person, Rig } from './rig.js';

const passwords = { chat_user: 'u', chat_manager: 'm', chat_server: 's', chat_gateway: 'g' };
let folder: string;
let postgres: EmbeddedServer;
let rig: Rig;
let me: Person;

async function start(): Promise<void> {
  postgres = await startEmbedded({ dataDir: folder, log: () => {} });
  await migrate(postgres.url);
  await openRoles(postgres.url, passwords);
  const urlFor = (role: ServiceRole) => roleUrl(postgres.url, role, passwords[role]);
  rig = new Rig({ ownerUrl: postgres.url, urlFor });
  await rig.startManager();
}

async function end(): Promise<void> {
  await rig.close();
  await postgres.stop();
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-test-'));
  await chmod(folder, 0o755);
  await start();
  me = await rig.person();
});

afterAll(async () => {
  await end();
  await rm(folder, { recursive: true, force: true });
});

/**
 * Checks that the seat exists or PostgreSQL has been up for 5 s. One of the two holds at any time,
 * however slow the machine.
 */
const seatIsSafe = () =>
  rig.one(
    `SELECT clock_timestamp() >= pg_postmaster_start_time() + interval '5 s'
       OR EXISTS (SELECT FROM chat.seat WHERE user_id = $1) AS safe`,
    me.id,
  );

/** Retries Listen until the dead server is replaced. */
async function listenAtLast(id: number): ReturnType<Rig['listen']> {
  for (;;) {
    const answer = await rig.listen(me, id).catch((thrown) => thrown);
    if (!(answer instanceof Refusal)) return answer;
    expect(answer.reason).toBe('no-server');
    expect(answer.retryAfterMs).toBeLessThanOrEqual(5_000);
    expect(await seatIsSafe()).toEqual({ safe: true });
    await pause(answer.retryAfterMs);
  }
}

test('treats no server as dead for 5 seconds after PostgreSQL starts', async () => {
  const dead = await rig.server();
  const id = await rig.room(me);
  await rig.listen(me, id);
  await rig.owner.query('UPDATE chat.seat SET live = true');
  await rig.kill(dead);
  await end();
  await start();

  const heir = await rig.server();
  const other = await rig.person();
  await expect(rig.listen(other, await rig.room(other))).resolves.toMatchObject({ server: { id: heir.instanceId } });
  expect(await listenAtLast(id)).toMatchObject({ server: { id: heir.instanceId } });
  const since = 'pg_postmaster_start_time()';
  const placed = `SELECT created_at >= ${since} + interval '5 s' AS late FROM chat.seat WHERE user_id = $1`;
  expect(await rig.one(placed, me.id)).toEqual({ late: true });
  const dying = `SELECT chat.gone_from(${since} - interval '1 min') >= ${since} + interval '5 s' AS late`;
  expect(await rig.one(dying)).toEqual({ late: true });
});

test('purges only expired rows', async () => {
  await rig.server();
  const lapsed = await rig.server();
  await rig.kill(lapsed);
  const mine = await rig.room(me);
  await rig.listen(me, mine);
  await rig.owner.query('UPDATE chat.seat SET live = true WHERE user_id = $1', [me.id]);
  const ghost = await rig.person();
  await rig.owner.query(
    `INSERT INTO chat.seat (id, user_id, channel_id, instance_id, epoch, exclusive, live, join_by)
     VALUES (gen_random_uuid(), $1, $2, $3, 1, true, true, now()), (gen_random_uuid(), $1, $2, $4, 1, false, true, now())`,
    [ghost.id, mine, lapsed.instanceId, randomUUID()],
  );
  await rig.owner.query(
    `INSERT INTO chat.rate VALUES ('old', now() - interval '61 min'), ('new', now() - interval '59 min')`,
  );
  await rig.owner.query(`INSERT INTO chat.signing_key (kid, purpose, owner, public_jwk, created_at, expires_at)
    VALUES ('old', 'chat', 'x', '{}', now() - interval '26 h', now() - interval '25 h')`);
  await rig.owner.query(`INSERT INTO chat.server (instance_id, name, addr, internal_addr, lease_until)
    SELECT gen_random_uuid(), name, 'a', 'b', now() - i FROM (VALUES ('gone', interval '61 min'), ('fresh', interval '59 min'), ('owner', interval '61 min')) x (name, i)`);
  await rig.owner.query(
    "UPDATE chat.channel_head SET instance_id = (SELECT instance_id FROM chat.server WHERE name = 'owner') WHERE channel_id = (SELECT min(channel_id) FROM chat.channel_head)",
  );
  await rig.owner.query(
    `INSERT INTO chat.event (kind, at) VALUES ('old', now() - interval '27 h'), ('old', now() - interval '26 h'),
       ('newest old', now() - interval '25 h'), ('new', now() - interval '23 h')`,
  );
  await rig.owner.query(`INSERT INTO chat.gateway (instance_id, name, http_addr, grpc_addr, version, state, inboxes, connections, lease_until)
    SELECT gen_random_uuid(), name, 'a', 'b', '1', 'serving', 0, 0, now() + i
    FROM (VALUES ('gone', interval '-61 min'), ('fresh', interval '-59 min'), ('clock set back', interval '1 d')) x (name, i)`);
  const expired = `SELECT EXISTS (SELECT FROM chat.event WHERE kind = 'old') OR (SELECT count(*) > 1 FROM chat.gateway) OR EXISTS (SELECT FROM chat.rate WHERE key = 'old')
    OR EXISTS (SELECT FROM chat.signing_key WHERE kid = 'old') OR EXISTS (SELECT FROM chat.server WHERE name = 'gone')
    OR EXISTS (SELECT FROM chat.seat WHERE user_id = $1) AS remains`;
  await until(async () => !(await rig.one<{ remains: boolean }>(expired, ghost.id)).remains);
  expect(
    await rig.one(
      "SELECT array_agg(kind ORDER BY id) AS kinds FROM chat.event WHERE kind IN ('old', 'newest old', 'new')",
    ),
  ).toEqual({ kinds: ['newest old', 'new'] });
  expect(
    await rig.one("SELECT array_agg(key ORDER BY key) AS keys FROM chat.rate WHERE key IN ('old', 'new')"),
  ).toEqual({ keys: ['new'] });
  expect(await rig.one("SELECT count(*)::int AS n FROM chat.signing_key WHERE kid = 'old'")).toEqual({ n: 0 });
  expect(await rig.one("SELECT array_agg(name ORDER BY name) AS names FROM chat.server WHERE addr = 'a'")).toEqual({
    names: ['fresh', 'owner'],
  });
  expect(await rig.one('SELECT array_agg(name) AS names FROM chat.gateway')).toEqual({ names: ['fresh'] });
  expect(await rig.one('SELECT count(*)::int AS n FROM chat.seat WHERE user_id = $1', ghost.id)).toEqual({ n: 0 });
  expect(await rig.one('SELECT count(*)::int AS n FROM chat.seat WHERE user_id = $1', me.id)).toEqual({ n: 1 });
});
