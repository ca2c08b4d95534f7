import { randomUUID } from 'node:crypto';
import { ServerState } from '@parley/contract';
import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { AdminApi } from './admin-api.js';
import { type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let api: AdminApi;
let root: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  api = new AdminApi(rig);
  await rig.startManager();
  root = await rig.person('admin');
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

/** Adds the row of a gateway whose lease ends after the given time. Returns its instance id. */
async function gatewayRow(name: string, leaseFor: string, state = 'serving'): Promise<string> {
  const id = randomUUID();
  await rig.owner.query(
    `INSERT INTO chat.gateway (instance_id, name, http_addr, grpc_addr, version, state, inboxes, connections, lease_until)
     VALUES ($1, $2, 'edge:8080', 'edge:10080', '1.2.3', $3, 7, 9, now() + $4::interval)`,
    [id, name, state, leaseFor],
  );
  return id;
}

test('lists live gateways and those that ended in the last ten minutes, even after the clock was set back', async () => {
  const id = await gatewayRow('edge-1', '25 s');
  await gatewayRow('edge-2', '-1 s');
  await gatewayRow('edge-3', '-11 min');
  await gatewayRow('edge-4', '1 h');
  const { gateways } = await api.listGateways(root);
  expect(gateways.map(({ name, lapsed }) => [name, lapsed])).toEqual([
    ['edge-1', false],
    ['edge-2', true],
    ['edge-4', true],
  ]);
  expect(gateways[0]).toMatchObject({
    ...{ id, httpAddr: 'edge:8080', grpcAddr: 'edge:10080', version: '1.2.3' },
    ...{ state: ServerState.SERVING, inboxes: 7, connections: 9 },
  });
});

test('drains a live gateway by its row, and no other', async () => {
  const id = await gatewayRow('edge-5', '25 s');
  const lost = await gatewayRow('edge-6', '-1 s');
  const stopped = await gatewayRow('edge-7', '25 s', 'stopped');
  for (let times = 0; times < 2; times++) await api.drain(root, id);
  for (const gone of [lost, stopped])
    await expect(api.drain(root, gone)).rejects.toMatchObject({ reason: 'server-not-found' });
  const drained = 'SELECT array_agg(instance_id::text) AS ids FROM chat.gateway WHERE drain';
  expect(await rig.one(drained)).toEqual({ ids: [id] });
  const { gateways } = await api.listGateways(root);
  expect(gateways.find((one) => one.id === id)).toMatchObject({ state: ServerState.DRAINING });
  const { entries } = await api.listAudit(root, { size: 1 });
  expect(entries).toMatchObject([{ action: 'gateway.drain', target: id, detail: expect.stringContaining('edge-5') }]);
});
