import { setTimeout as pause } from 'node:timers/promises';
import { openTestDatabase, type TestDatabase, until } from '@parley/testkit';
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
  /** Returns whether the lease of the server has been live for less than this interval. */
  async function hasReturnedWithin(interval: string, { instanceId }: Identity): Promise<boolean> {
    const young =
      'SELECT lease_since > clock_timestamp() - $2::interval AS young FROM chat.server WHERE instance_id = $1';
    return (await rig.one<{ young: boolean }>(young, instanceId, interval)).young;
  }

  /** Lets the server report, and keeps its lease from now on. */
  async function stay(server: Identity): Promise<void> {
    do await report(server);
    while (!(await rig.keepAlive(server.instanceId)));
  }

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
    let [kept, orphaned] = [0, 0];
    await until(async () => {
      [kept, orphaned] = [await placed(slow), await placed(gone)];
      const people = await rig.persons(2);
      await rig.lapse('-4 s', quick, slow, gone);
      await report(quick);
      const calls = [kept, orphaned].map((id, n) => rig.listen(people[n] as Person, id).catch((thrown) => thrown));
      const refusals = await Promise.all(calls);
      if (!(await hasReturnedWithin('2 s', quick))) return false; // The machine is too busy to tell.
      for (const refused of refusals) {
        expect(refused).toEqual(reason('no-server'));
        expect(refused.retryAfterMs).toBeGreaterThan(3_000);
        expect(refused.retryAfterMs).toBeLessThanOrEqual(5_000);
      }
      return true;
    });
    await report(quick);
    await rig.listen(await rig.person(), await rig.room(owner)); // This room had no owner, so there is no reason to wait.
    await stay(slow);
    expect((await rig.listen(await rig.person(), kept)).server?.id).toBe(slow.instanceId);
    expect(await rig.one('SELECT epoch FROM chat.channel_head WHERE channel_id = $1', kept)).toEqual({ epoch: 7 });
    await stay(quick);
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
    await rig.lapse('-8 s', quick, slow);
    const sweep = async () => {
      for (const purge of purges) await purge.run(rig.owner);
      return (await rig.one<{ n: number }>('SELECT count(*)::int AS n FROM chat.seat')).n;
    };
    expect(await sweep()).toBe(1); // No server is live, so none can be judged dead.
    await report(quick);
    while ((await sweep()) > 0) {
      await pause(200);
      await report(quick);
    }
    expect(await hasReturnedWithin('5 s', quick)).toBe(false);
  });

  test('places channels of a dead server at once if another server stayed live', async () => {
    const [, dead] = [await rig.server(), await rig.server()];
    const id = await placed(dead);
    await rig.lapse('0 s', dead);
    await expect(rig.listen(await rig.person(), id)).resolves.toBeDefined();
  });

  test('places channels of a dead server at once if a new server registered before the lease lapsed', async () => {
    const dead = await rig.server();
    const id = await placed(dead);
    const heir = await rig.server();
    const justAfter = `UPDATE chat.server SET lease_until = (SELECT lease_since + interval '1 ms' FROM chat.server WHERE instance_id = $2)
      WHERE instance_id = $1`;
    await rig.lapse('25 s', dead);
    await rig.owner.query(justAfter, [dead.instanceId, heir.instanceId]);
    expect((await rig.listen(await rig.person(), id)).server?.id).toBe(heir.instanceId);
  });
});
