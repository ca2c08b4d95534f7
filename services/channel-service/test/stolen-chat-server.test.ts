import { randomBytes, randomUUID } from 'node:crypto';
import { ChannelService, ReportRequest, ServerState } from '@parley/contract';
import { DatabaseClock, type Pool } from '@parley/database';
import { managerAudience, SigningKey, serviceToken } from '@parley/service-kit';
import { callPatiently, openTestPool, type ServiceProcess, type TestPerson, Trio, until } from '@parley/testkit';

/**
 * Tests the section "What a stolen chat server can still do" of SECURITY.md, with nothing but the
 * password of `chat_server`.
 */
let trio: Trio;
let stolen: Pool;
let ann: TestPerson;
let victim: { instance_id: string; addr: string; internal_addr: string; name: string };

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1 });
  stolen = openTestPool(trio.database.urlFor('chat_server'), 2, 'thief');
  ann = await trio.people.make('ann');
  const { rows } = await stolen.query('SELECT instance_id, addr, internal_addr, name FROM chat.server');
  victim = rows[0];
});
afterAll(async () => {
  await stolen.end();
  await trio.stop();
});

const DENIED = { code: '42501' };

async function thiefKey(owner: string) {
  const key = new SigningKey(serviceToken('chat'), owner, stolen, await DatabaseClock.start(stolen));
  await key.start();
  return key;
}

function report(token: string, server: object): Promise<unknown> {
  const client = trio.manager();
  return callPatiently(client, ChannelService.report, ReportRequest.fromPartial({ server }), {
    token,
    withinMs: 30_000,
  });
}

/** Checks that the server is still live and reachable. */
async function expectUnharmed(): Promise<void> {
  await trio.lives(trio.chatServers[0] as ServiceProcess);
  const { rows } = await stolen.query(
    'SELECT instance_id, addr, internal_addr, name, state FROM chat.server WHERE instance_id = $1',
    [victim.instance_id],
  );
  expect(rows).toEqual([{ ...victim, state: 'serving' }]);
  const { id } = await trio.create(ann, 'still there');
  let addr: string | undefined;
  await until(async () => {
    addr = await trio.listen(ann, id).then(
      ({ server }) => server?.addr,
      (thrown) => expect(['no-server', 'listen-too-often']).toContain(thrown.reason) as undefined,
    );
    return addr !== undefined;
  });
  expect(addr).toBe(victim.addr);
}

test('a stolen chat server publishes no key for the id of another process', async () => {
  await expect(thiefKey(victim.instance_id)).rejects.toMatchObject(DENIED);
  await expectUnharmed();
});

test('a stolen chat server reports for no other server', async () => {
  const mine = await thiefKey(randomUUID());
  const stop = { ...victim, id: victim.instance_id, internalAddr: victim.internal_addr, state: ServerState.STOPPED };
  const forged = await mine.sign({ sub: victim.instance_id }, managerAudience);
  await expect(report(forged, stop)).rejects.toMatchObject({ reason: 'not-a-service' });
  const other = randomUUID();
  const own = await (await thiefKey(other)).sign({ sub: other }, managerAudience);
  await expect(report(own, stop)).rejects.toMatchObject({ reason: 'invalid-report' });
  await expectUnharmed();
});

test('a stolen chat server extends only its own lease, so a dead server stays dead', async () => {
  const dead = randomUUID();
  await trio.people.sql(
    `INSERT INTO chat.server (instance_id, name, addr, internal_addr, lease_until) VALUES ($1, 'dead', 'a', 'b', now() - interval '1 min')`,
    [dead],
  );
  for (const id of [dead, victim.instance_id]) {
    const { rows } = await stolen.query("SELECT chat.renew_lease($1, $2, '30 s') AS until", [id, randomBytes(32)]);
    expect(rows).toEqual([{ until: null }]);
  }
  const late = await thiefKey(dead); // This is the id of a server that no longer has keys.
  const token = await late.sign({ sub: dead }, managerAudience);
  const row = { id: dead, addr: 'a:5000', internalAddr: '127.0.0.1:5000', name: 'dead', state: ServerState.SERVING };
  await expect(report(token, row)).rejects.toMatchObject({ reason: expect.stringMatching(/not-a-service|address/) });
  await expect(report(token, { ...row, addr: victim.addr, internalAddr: victim.internal_addr })).rejects.toMatchObject({
    reason: 'not-a-service',
  });
  const { rows } = await stolen.query('SELECT lease_until > now() AS lives FROM chat.server WHERE instance_id = $1', [
    dead,
  ]);
  expect(rows).toEqual([{ lives: false }]);
});

test('a stolen chat server changes no row of another server, and no address of its own while it runs', async () => {
  const own = randomUUID();
  const token = await (await thiefKey(own)).sign({ sub: own }, managerAudience);
  const row = {
    id: own,
    addr: '127.0.0.1:5000',
    internalAddr: '127.0.0.1:5000',
    name: 'own',
    state: ServerState.DRAINING,
  };
  await report(token, row);
  const keep = "UPDATE chat.server SET lease_until = now() + interval '25 s' WHERE instance_id = $1";
  await trio.people.sql(keep, [own]);
  for (const change of [
    { addr: '127.0.0.1:5001' },
    { internalAddr: '127.0.0.1:5001' },
    { name: 'other' },
    { tls: true },
  ]) {
    await expect(report(token, { ...row, ...change })).rejects.toMatchObject({ reason: 'not-a-service' });
  }
  await report(token, row);
});

test('a stolen chat server cannot end the lease of a running server by reporting the address of that server', async () => {
  const { addr, internal_addr: internalAddr, name } = victim;
  const before = 'SELECT lease_since FROM chat.server WHERE instance_id = $1';
  await until(async () => {
    const { rows } = await stolen.query(before, [victim.instance_id]);
    const own = randomUUID();
    const token = await (await thiefKey(own)).sign({ sub: own }, managerAudience);
    await report(token, { id: own, addr, internalAddr, name, state: ServerState.DRAINING });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const after = (await stolen.query(before, [victim.instance_id])).rows;
    return String(after[0]?.lease_since) === String(rows[0]?.lease_since); // A stall may also end the lease.
  });
  await expectUnharmed();
});

test('a stolen chat server can change the usage counts of any user or channel, and so lift or use up a quota', async () => {
  const lift = 'UPDATE chat.usage SET bytes = 0, rows = 0 WHERE user_id = $1';
  const useUp =
    'INSERT INTO chat.usage AS u (user_id, bytes, rows) VALUES ($1, $2, $2) ON CONFLICT (user_id) DO UPDATE SET bytes = excluded.bytes, rows = excluded.rows';
  await stolen.query(useUp, [ann.id, 1e12]);
  await stolen.query(lift, [ann.id]);
  await stolen.query('UPDATE chat.channel_head SET stored_bytes = 0, stored_rows = 0');
  await expect(stolen.query('DELETE FROM chat.usage')).rejects.toMatchObject(DENIED);
});

test('a stolen chat server can lock the row of an account, because saving the last-seen time locks that row', async () => {
  const thief = await stolen.connect();
  try {
    await thief.query('BEGIN');
    await thief.query('SELECT FROM chat.save_last_seen($1)', [[ann.id]]);
    const update = trio.people.sql('SELECT FROM chat.users WHERE id = $1 FOR NO KEY UPDATE NOWAIT', [ann.id]);
    await expect(update).rejects.toMatchObject({ code: '55P03' });
  } finally {
    await thief.query('ROLLBACK');
    thief.release();
  }
});

test('a stolen chat server promotes nobody, claims no channel, creates no seat or member, and reads no hash, email address, invite or file', async () => {
  for (const statement of [
    "UPDATE chat.users SET role = 'admin'",
    "SELECT chat.set_user('ann', 'ann', 'admin', NULL)",
    'UPDATE chat.channel_head SET instance_id = gen_random_uuid()',
    'UPDATE chat.channel_head SET epoch = epoch + 1',
    'INSERT INTO chat.seat SELECT FROM chat.seat',
    'INSERT INTO chat.member SELECT FROM chat.member',
    'SELECT password_hash FROM chat.users',
    'SELECT email FROM chat.users',
    'SELECT FROM chat.invite',
    'SELECT FROM chat.file',
    'SELECT FROM chat.file_chunk',
    'DELETE FROM chat.signing_key',
    "UPDATE chat.signing_key SET expires_at = 'infinity'",
    'SELECT id FROM chat.users FOR KEY SHARE',
  ]) {
    await expect(stolen.query(statement)).rejects.toMatchObject(DENIED);
  }
});
