import { randomUUID } from 'node:crypto';
import { ReportRequest, ServerState } from '@parley/contract';
import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { hugeEpoch, sendBytes } from './raw.js';
import { Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let token: string;
let instanceId: string;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  await rig.startManager({
    PARLEY_SERVER_HOSTS: 'localhost,*.chat.example.org',
    PARLEY_SERVER_NETWORKS: '127.0.0.0/8,10.1.0.0/16,fd00::/8',
    PARLEY_SERVER_PORTS: '5000-5999',
  });
});

beforeEach(async () => {
  ({ instanceId, token } = await rig.chatServer());
});

afterAll(async () => {
  await rig.close();
  await database.close();
});

const reason = (word: string) => expect.objectContaining({ reason: word });
const server = {
  addr: 'localhost:5000',
  internalAddr: '127.0.0.1:5001',
  name: 'one',
  state: ServerState.SERVING,
  load: 0.25,
  seats: 3,
} as const;
const row = () =>
  rig.one<Record<string, unknown>>(
    `SELECT name, addr, internal_addr, tls, state, load, seats, metric,
       extract(epoch FROM lease_until - reported_at)::float8 AS granted, lease_until <= now() AS lapsed FROM chat.server WHERE instance_id = $1`,
    instanceId,
  );

describe('a stored report', () => {
  test('a report of a cut-off server ends its lease only if another server is live', async () => {
    const other = await rig.chatServer();
    await rig.report(token, { server });
    const two = { server: { ...server, name: 'two' } };
    await rig.report(other.token, two);
    await expect(rig.report(token, { server, cutOff: true })).rejects.toEqual(reason('no-server')); // Both servers are new, as after an outage of the database.
    expect((await row()).granted).toBe(3);
    do await rig.report(other.token, two);
    while (!(await rig.keepAlive(other.instanceId)));
    await rig.one(
      `UPDATE chat.server SET lease_since = now() - interval '5 s' WHERE instance_id = $1 RETURNING 1`,
      other.instanceId,
    );
    await rig.report(token, { server, cutOff: true });
    expect(await row()).toMatchObject({ lapsed: true });
    expect((await row()).granted).toBeLessThan(3);
    await rig.kill(other);
  });

  test('a report writes one row and a lease of three seconds', async () => {
    await rig.report(token, { server: { ...server, id: instanceId, tls: true }, metric: { kv: { rss: '1' } } });
    const { granted, lapsed: _, ...rest } = await row();
    expect(rest).toEqual({
      name: 'one',
      addr: 'localhost:5000',
      internal_addr: '127.0.0.1:5001',
      tls: true,
      state: 'serving',
      load: 0.25,
      seats: 3,
      metric: { rss: '1' },
    });
    expect(granted).toBe(3);
  });

  test('a server of the original contract registers and renews its lease by metrics', async () => {
    const kv = {
      addr: 'localhost:5000',
      internal_addr: '127.0.0.1:5001',
      name: 'plain',
      state: 'serving',
      load: '0.5',
    };
    await rig.report(token, { metric: { kv } });
    expect(await row()).toMatchObject({ name: 'plain', load: 0.5, internal_addr: '127.0.0.1:5001' });
    await rig.owner.query('UPDATE chat.server SET lease_until = now() WHERE instance_id = $1', [instanceId]);
    await rig.report(token, { metric: { kv: { requests: '7' } } });
    const renewed = await row();
    expect(renewed).toMatchObject({ name: 'plain', load: 0.5, metric: { requests: '7' } });
    expect(renewed.granted).toBe(3);
  });

  test('a report of metrics alone is refused for an unknown server', async () => {
    await expect(rig.report(token, { metric: { kv: {} } })).rejects.toEqual(reason('invalid-report'));
  });

  test('a report is refused while no key of the server is in the database, and accepted after the key is published again', async () => {
    const { key, ...lost } = await rig.chatServer();
    const named = { ...server, id: lost.instanceId };
    await rig.report(lost.token, { server: named });
    await rig.owner.query('DELETE FROM chat.server WHERE instance_id = $1', [lost.instanceId]);
    await rig.owner.query('DELETE FROM chat.signing_key WHERE owner = $1', [lost.instanceId]);
    await expect(rig.report(lost.token, { server: named })).rejects.toEqual(reason('not-a-service'));
    await key.tend();
    await rig.report(lost.token, { server: named });
  });

  test('a report does not shorten a longer lease', async () => {
    await rig.report(token, { server });
    await rig.owner.query("UPDATE chat.server SET lease_until = now() + interval '20 s' WHERE instance_id = $1", [
      instanceId,
    ]);
    await rig.report(token, { server });
    expect((await row()).granted).toBeGreaterThan(10);
  });

  test('a server never leaves draining or stopped, and stopped ends the lease', async () => {
    for (const [said, state] of [
      [2, 'draining'],
      [1, 'draining'],
      [3, 'stopped'],
      [1, 'stopped'],
      [2, 'stopped'],
    ] as const) {
      await rig.report(token, { server: { ...server, state: said } });
      expect((await row()).state).toBe(state);
    }
    expect((await row()).lapsed).toBe(true);
    await rig.report(token, { metric: { kv: { state: 'serving' } } });
    expect((await row()).lapsed).toBe(true);
  });
});

describe('authentication', () => {
  test('Report refuses a call without a token', async () => {
    await expect(rig.report(undefined, { server })).rejects.toEqual(reason('unauthenticated'));
  });

  test('Report refuses users, managers and tokens for another audience', async () => {
    const { token: user } = await rig.person();
    await expect(rig.report(user, { server })).rejects.toEqual(reason('not-a-service'));
    await expect(rig.report(await rig.managerToken('manager'), { server })).rejects.toEqual(reason('not-a-service'));
    await expect(rig.report(await rig.managerToken(instanceId), { server })).rejects.toEqual(reason('not-a-service'));
  });

  test('Report refuses a report for another server', async () => {
    const report = rig.report(token, { server: { ...server, id: randomUUID() } });
    await expect(report).rejects.toEqual(reason('invalid-report'));
  });
});

describe('the allow-list', () => {
  test.each(['localhost:5000', 'LOCALHOST:5999', 'a.chat.example.org:5000'])(
    'the allow-list has the public address %s',
    async (addr) => {
      await expect(rig.report(token, { server: { ...server, addr } })).resolves.toBeDefined();
    },
  );

  test.each([
    'localhost:4999',
    'localhost:6000',
    'localhost',
    '',
    'attacker.org:5000',
    'a.b.chat.example.org:5000',
    'chat.example.org:5000',
    'a.chat.example.org.attacker.org:5000',
    'achat-example.org:5000',
    'user@localhost:5000',
    'localhost:5000/x',
    'localhost:5000\n',
  ])('the allow-list lacks the public address %j', async (addr) => {
    await expect(rig.report(token, { server: { ...server, addr } })).rejects.toEqual(reason('address-not-allowed'));
    expect(await row()).toBeUndefined();
  });

  test.each(['127.9.9.9:5000', '10.1.255.1:5000', '[fd00::1]:5000', '[::ffff:10.1.0.1]:5000'])(
    'the allow-list has the internal address %s',
    async (internalAddr) => {
      await expect(rig.report(token, { server: { ...server, internalAddr } })).resolves.toBeDefined();
    },
  );

  test.each([
    '10.2.0.1:5000',
    '169.254.169.254:5000',
    '127.0.0.1:80',
    '127.1:5000',
    '2130706433:5000',
    '0x7f.0.0.1:5000',
    '[fe80::1]:5000',
    '[::ffff:10.2.0.1]:5000',
    'localhost:5000',
    '127.0.0.1',
    '',
  ])('the allow-list lacks the internal address %j', async (internalAddr) => {
    const report = rig.report(token, { server: { ...server, internalAddr } });
    await expect(report).rejects.toEqual(reason('address-not-allowed'));
  });

  test('Report checks addresses in the metric like those in the server field', async () => {
    const kv = { addr: 'attacker.org:5000', internal_addr: '127.0.0.1:5001', name: 'x' };
    await expect(rig.report(token, { metric: { kv } })).rejects.toEqual(reason('address-not-allowed'));
    await rig.report(token, { server });
    const half = { addr: 'localhost:5000', name: 'x' };
    await expect(rig.report(token, { metric: { kv: half } })).rejects.toEqual(reason('invalid-report'));
  });
});

describe('the bounds of a report', () => {
  const many = (entries: number) => Object.fromEntries(Array.from({ length: entries }, (_, n) => [`k${n}`, 'v']));

  test.each([
    ['load 1.5', { load: 1.5 }],
    ['load -0.1', { load: -0.1 }],
    ['load NaN', { load: Number.NaN }],
    ['load infinite', { load: Number.POSITIVE_INFINITY }],
    ['too many seats', { seats: 4_294_967_295 }],
    ['an empty name', { name: '' }],
    ['a name of 65 characters', { name: 'x'.repeat(65) }],
    ['state 9', { state: 9 as never }],
  ])('Report refuses a server with %s', async (_, field) => {
    await expect(rig.report(token, { server: { ...server, ...field } })).rejects.toEqual(reason('invalid-report'));
  });

  test.each([
    ['65 metrics', many(65)],
    ['a metric of 257 bytes', { k: 'v'.repeat(256) }],
    ['NUL in a metric', { k: '\0' }],
    ['an unknown state', { state: 'asleep' }],
    ['a load that is not a number', { load: 'much' }],
    ['half a seat', { seats: '0.5' }],
  ])('Report refuses metrics with %s', async (_, kv) => {
    await rig.report(token, { server });
    await expect(rig.report(token, { metric: { kv } })).rejects.toEqual(reason('invalid-report'));
  });

  test('Report accepts 64 metrics and 256 bytes per metric', async () => {
    await expect(rig.report(token, { server, metric: { kv: many(64) } })).resolves.toBeDefined();
    await expect(rig.report(token, { server, metric: { kv: { k: 'v'.repeat(255) } } })).resolves.toBeDefined();
  });

  test('Report refuses a channel id that is too large', async () => {
    for (const id of [0, 2_147_483_648]) {
      await expect(rig.report(token, { server, channels: [{ id, epoch: 1 }] })).rejects.toEqual(
        reason('invalid-report'),
      );
    }
  });

  test('Report refuses malformed bytes and numbers above 2^53', async () => {
    const channel = Buffer.from([0x12, 2 + hugeEpoch.length, 0x08, 0x01, ...hugeEpoch]);
    const tooLarge = Buffer.concat([ReportRequest.encode(ReportRequest.fromPartial({ server })).finish(), channel]);
    for (const bytes of [Buffer.from([0xff, 0xff, 0xff, 0xff]), Buffer.from('garbage!'), tooLarge]) {
      const error = await sendBytes(rig.manager, '/chat.v1.ChannelService/Report', bytes, token);
      expect(error.code).toBe(3);
      expect(error.metadata.get('chat-reason')).toEqual(['malformed']);
    }
  });
});

test.each(['Report', 'Create', 'ListChannels', 'List', 'ChangeMember'])(
  '%s authenticates the caller before it decodes the request',
  async (method) => {
    for (const [bearer, wanted] of [
      [undefined, 'unauthenticated'],
      ['garbage', method === 'Report' ? 'not-a-service' : 'invalid-token'],
    ] as const) {
      const error = await sendBytes(rig.manager, `/chat.v1.ChannelService/${method}`, Buffer.from('garbage!'), bearer);
      expect(error.metadata.get('chat-reason')).toEqual([wanted]);
    }
  },
);

describe('the channels in a report', () => {
  async function owned(): Promise<number> {
    await rig.report(token, { server });
    const who = await rig.person();
    const id = await rig.room(who);
    await rig.owner.query('UPDATE chat.channel_head SET instance_id = $2, epoch = 7 WHERE channel_id = $1', [
      id,
      instanceId,
    ]);
    return id;
  }

  test('Report accepts channels that the server owns, and does not check channels without an epoch', async () => {
    const [one, two] = [await owned(), await owned()];
    const channels = [{ id: one, epoch: 7 }, { id: two, epoch: 7 }, { id: 2_000_000_000 }];
    await expect(rig.report(token, { server, channels })).resolves.toBeDefined();
  });

  test.each([6, 8])('Report refuses a channel with epoch %i instead of 7, but renews the lease', async (epoch) => {
    const [one, two] = [await owned(), await owned()];
    await rig.owner.query('UPDATE chat.server SET lease_until = now() WHERE instance_id = $1', [instanceId]);
    const report = rig.report(token, {
      server,
      channels: [
        { id: one, epoch: 7 },
        { id: two, epoch },
      ],
    });
    await expect(report).rejects.toEqual(reason('not-mine'));
    expect((await row()).granted).toBe(3);
  });

  test('Report refuses a channel that another server or none owns, and an unknown one', async () => {
    const id = await owned();
    const say = (channel: number) => rig.report(token, { server, channels: [{ id: channel, epoch: 7 }] });
    for (const boot of [randomUUID(), null]) {
      await rig.owner.query('UPDATE chat.channel_head SET instance_id = $2 WHERE channel_id = $1', [id, boot]);
      await expect(say(id)).rejects.toEqual(reason('not-mine'));
    }
    await expect(say(2_000_000_000)).rejects.toEqual(reason('not-mine'));
  });
});
