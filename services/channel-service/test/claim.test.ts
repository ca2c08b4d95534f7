import { setTimeout as pause } from 'node:timers/promises';
import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { purges } from '../src/placement/purge-store.js';
import { type Identity, type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let owner: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager();
  owner = await rig.person();
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

afterEach(() => rig.clear());

const reason = (word: string) => expect.objectContaining({ reason: word });

/** Sends a report like a chat server. */
async function report({ token, instanceId }: Identity): Promise<void> {
  await rig.report(token, {
    server: { id: instanceId, addr: 'localhost:5000', internalAddr: '127.0.0.1:5009', name: 'one', state: 1, load: 0 },
  });
}

async function leaseUntil(when: string, ...servers: readonly Identity[]): Promise<void> {
  const ids = servers.map(({ instanceId }) => instanceId);
  await rig.owner.query(`UPDATE chat.server SET lease_until = now() + $2::interval WHERE instance_id = ANY ($1)`, [
    ids,
    when,
  ]);
}

describe('placement of channels', () => {
  test('placement counts new channels at once, whatever the server last reported', async () => {
    const [full, free] = [await rig.server(0.1), await rig.server(0.2)];
    const { rows } = await rig.owner.query<{ id: number }>(
      "INSERT INTO chat.channel (name, owner_id, retention_seconds) SELECT 'r', $1, 0 FROM generate_series(1, 3) RETURNING id",
      [owner.id],
    );
    await rig.owner.query('UPDATE chat.channel_head SET instance_id = $1, epoch = 1 WHERE channel_id = ANY ($2)', [
      full.instanceId,
      rows.map(({ id }) => id),
    ]);
    expect((await rig.listen(owner, await rig.room(owner))).server?.id).toBe(free.instanceId);
  });

  test('placement avoids an overloaded server, however few channels it has', async () => {
    await rig.server(0.95);
    const other = await rig.server(0.7);
    for (let n = 0; n < 3; n++) {
      const who = await rig.person();
      expect((await rig.listen(who, await rig.room(who))).server?.id).toBe(other.instanceId);
    }
  });
});

describe('when every lease has lapsed at once', () => {
  async function placed(on: Identity): Promise<number> {
    const id = await rig.room(owner);
    await rig.owner.query('UPDATE chat.channel_head SET instance_id = $2, epoch = 7 WHERE channel_id = $1', [
      id,
      on.instanceId,
    ]);
    return id;
  }

  test('the first server to return gets no channel of the others for 5 s, so that they can keep their channels', async () => {
    const [quick, slow, gone] = [await rig.server(), await rig.server(), await rig.server()];
    const [kept, orphaned] = [await placed(slow), await placed(gone)];
    await leaseUntil('-4 s', quick, slow, gone);
    await report(quick);
    for (const id of [kept, orphaned]) {
      const refused = await rig.listen(await rig.person(), id).catch((thrown) => thrown);
      expect(refused).toEqual(reason('no-server'));
      expect(refused.retryAfterMs).toBeGreaterThan(3_000);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(5_000);
    }
    await rig.listen(await rig.person(), await rig.room(owner)); // This room had no owner, so there is no reason to wait.
    await report(slow);
    expect((await rig.listen(await rig.person(), kept)).server?.id).toBe(slow.instanceId);
    expect(await rig.one('SELECT epoch FROM chat.channel_head WHERE channel_id = $1', kept)).toEqual({ epoch: 7 });
    await leaseUntil('25 s', quick);
    await rig.owner.query("UPDATE chat.server SET lease_since = lease_since - interval '5 s' WHERE instance_id = $1", [
      quick.instanceId,
    ]);
    await expect(rig.listen(await rig.person(), orphaned)).resolves.toBeDefined();
  });

  test('purges no seat while every lease has lapsed', async () => {
    const [quick, slow] = [await rig.server(), await rig.server()];
    const who = await rig.person();
    await rig.owner.query(
      `INSERT INTO chat.seat (id, user_id, channel_id, instance_id, epoch, exclusive, live, join_by)
       VALUES (gen_random_uuid(), $1, $2, $3, 7, true, true, now())`,
      [who.id, await placed(slow), slow.instanceId],
    );
    await leaseUntil('-8 s', quick, slow);
    const began = performance.now();
    const sweeps = async () => {
      for (const purge of purges) await purge.run(rig.owner);
      return (await rig.one<{ n: number }>('SELECT count(*)::int AS n FROM chat.seat')).n;
    };
    expect(await sweeps()).toBe(1); // No server is live, so none can be judged dead.
    await report(quick);
    expect(await sweeps()).toBe(1);
    while (performance.now() - began < 4_000) {
      await pause(500);
      await report(quick);
    }
    expect(await sweeps()).toBe(1);
    while ((await sweeps()) > 0) {
      await pause(200);
      await report(quick);
    }
    expect(performance.now() - began).toBeGreaterThan(4_900);
  });

  test('places channels of a dead server at once if another server stayed live', async () => {
    const [, dead] = [await rig.server(), await rig.server()];
    const id = await placed(dead);
    await leaseUntil('0.3 s', dead);
    await pause(350);
    await expect(rig.listen(await rig.person(), id)).resolves.toBeDefined();
  });

  test('places channels of a dead server at once if a new server registered before the lease lapsed', async () => {
    const dead = await rig.server();
    const id = await placed(dead);
    await leaseUntil('0.5 s', dead);
    const heir = await rig.server();
    await pause(550);
    expect((await rig.listen(await rig.person(), id)).server?.id).toBe(heir.instanceId);
  });
});
