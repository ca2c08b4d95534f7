import { randomUUID } from 'node:crypto';
import { type DisconnectRequest, ServerState, UserRole, UserStatus } from '@parley/contract';
import { openTestDatabase, type TestDatabase } from '@parley/testkit';
import { AdminApi } from './admin-api.js';
import { Chats } from './chats.js';
import { Listener } from './listener.js';
import { type Identity, outcomes, type Person, Rig } from './rig.js';

let database: TestDatabase;
let rig: Rig;
let api: AdminApi;
let listener: Listener;
let server: Identity;
let root: Person;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database);
  api = new AdminApi(rig);
  await rig.startManager();
  await rig.startManager();
});

beforeEach(async () => {
  await rig.owner.query("UPDATE chat.server SET state = 'stopped', lease_until = now() - interval '1 d'");
  await rig.owner.query("UPDATE chat.users SET role = 'user'");
  await rig.owner.query('DELETE FROM chat.rate');
  root = await rig.person('admin');
  listener = new Listener();
  server = await rig.server(0.25, await listener.start());
});

afterEach(() => listener.stop());

afterAll(async () => {
  await rig.close();
  await database.close();
});

const seatsOf = (userId: string) =>
  rig.one<{ n: number }>('SELECT count(*)::int AS n FROM chat.seat WHERE user_id = $1', userId);

async function disconnects(count: number): Promise<DisconnectRequest[]> {
  const heard = await listener.hears(count);
  return heard
    .filter(({ method }) => method === 'disconnect')
    .map(({ request }) => request as unknown as DisconnectRequest);
}

test('AdminService allows only callers whose row has the role of an operator, whatever their token says', async () => {
  const user = await rig.person();
  const id = await rig.room(user);
  const calls = (who: Person) => [
    api.listServers(who),
    api.listGateways(who),
    api.drain(who, server.instanceId),
    api.setUser(who, { id: user.id, role: UserRole.ADMIN }),
    api.kick(who, { channelId: id }),
    api.listAudit(who),
  ];
  const demoted = await rig.person('admin');
  await api.setUser(root, { id: demoted.id, role: UserRole.USER });
  for (const who of [user, demoted]) {
    const { reasons } = await outcomes<unknown>(calls(who));
    expect(reasons).toEqual(Array(6).fill('not-operator'));
  }
  const written = await rig.one('SELECT count(*)::int AS n FROM chat.audit WHERE actor = ANY ($1)', [
    user.id,
    demoted.id,
  ]);
  expect(written).toEqual({ n: 0 });
});

test('applies a new role at the next call, without another login', async () => {
  const user = await rig.person();
  await expect(api.listAudit(user)).rejects.toMatchObject({ reason: 'not-operator' });
  await expect(api.setUser(root, { id: user.id, role: UserRole.ADMIN })).resolves.toMatchObject({
    id: user.id,
    role: UserRole.ADMIN,
    status: UserStatus.ACTIVE,
  });
  await expect(api.listAudit(user)).resolves.toMatchObject({ entries: expect.any(Array) });
});

test('lists servers with their report, channels and report age', async () => {
  const user = await rig.person();
  await rig.listen(user, await rig.room(user));
  const dead = await rig.server();
  await rig.kill(dead);
  await rig.owner.query("UPDATE chat.server SET reported_at = now() - interval '90 s' WHERE instance_id = $1", [
    dead.instanceId,
  ]);
  const { servers } = await api.listServers(root);
  const byId = (id: string) => servers.find((one) => one.id === id);
  expect(servers).toHaveLength(2);
  expect(byId(server.instanceId)).toMatchObject({
    name: 'one',
    addr: 'localhost:5000',
    internalAddr: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    state: ServerState.SERVING,
    load: 0.25,
    channelCount: 1,
    lapsed: false,
  });
  expect(byId(server.instanceId)?.reportAgeMs).toBeLessThan(60_000);
  expect(byId(dead.instanceId)).toMatchObject({ lapsed: true, channelCount: 0 });
  expect(byId(dead.instanceId)?.reportAgeMs).toBeGreaterThanOrEqual(90_000);
});

test('a drained server stays drained, even if it reports that it is serving', async () => {
  await api.drain(root, server.instanceId);
  const [told] = await listener.hears(1);
  expect(told).toMatchObject({ method: 'drain' });
  const payload = JSON.parse(Buffer.from(String(told?.token.split('.')[1]), 'base64url').toString());
  expect(payload).toMatchObject({ aud: server.instanceId, iss: 'parley:manager' });

  await rig.report(server.token, { metric: { kv: { state: 'serving', load: '0' } } });
  const user = await rig.person();
  await expect(rig.listen(user, await rig.room(user))).rejects.toMatchObject({ reason: 'no-server' });
  const other = await rig.server();
  await expect(rig.listen(user, await rig.room(user))).resolves.toMatchObject({ server: { id: other.instanceId } });
  const { servers } = await api.listServers(root);
  expect(servers.find(({ id }) => id === server.instanceId)).toMatchObject({ state: ServerState.DRAINING });
  await expect(api.drain(root, server.instanceId)).resolves.toBeDefined();
});

test('marks an unreachable server as draining and tells the operator', async () => {
  listener.stop();
  await expect(api.drain(root, server.instanceId)).rejects.toMatchObject({
    reason: 'server-away',
  });
  const { servers } = await api.listServers(root);
  expect(servers).toMatchObject([{ state: ServerState.DRAINING }]);
});

test.each([['a word'], [''], [randomUUID()]])('refuses to drain the unknown server %j', async (id) => {
  await expect(api.drain(root, id)).rejects.toMatchObject({ reason: 'server-not-found' });
});

test('ends sessions, seats and streams of a suspended user', async () => {
  const user = await rig.person();
  await rig.listen(user, await rig.room(user));
  const answer = await api.setUser(root, { id: user.id, status: UserStatus.SUSPENDED });
  expect(answer).toMatchObject({ role: UserRole.USER, status: UserStatus.SUSPENDED });
  expect(await disconnects(2)).toMatchObject([
    { channelId: 0, userId: user.id, goodbye: { reason: 'suspended', listenAgain: false } },
  ]);
  expect(await seatsOf(user.id)).toEqual({ n: 0 });
  await expect(rig.list(user)).rejects.toMatchObject({ reason: 'logged-out' });
  const living = 'SELECT count(*)::int AS n FROM chat.session WHERE user_id = $1 AND revoked_at IS NULL';
  expect(await rig.one(living, user.id)).toEqual({ n: 0 });
  await expect(api.setUser(root, { id: user.id, status: UserStatus.ACTIVE })).resolves.toMatchObject({
    status: UserStatus.ACTIVE,
  });
});

test.each([
  ['a request without changes', {}, 'invalid-profile'],
  ['the role of a guest', { role: UserRole.GUEST }, 'invalid-profile'],
  ['the status deleted', { status: UserStatus.DELETED }, 'invalid-profile'],
  ['an unknown role', { role: 9 as UserRole }, 'invalid-profile'],
  ['an unknown user', { id: 'nobody', role: UserRole.ADMIN }, 'user-not-found'],
  ['an empty id', { id: '', role: UserRole.ADMIN }, 'invalid-user-id'],
  ['an id with NUL', { id: 'a\0', role: UserRole.ADMIN }, 'invalid-user-id'],
])('SetUser refuses %s', async (_what, change, reason) => {
  const user = await rig.person();
  await expect(api.setUser(root, { id: user.id, ...change })).rejects.toMatchObject({ reason });
});

test('refuses to change the role of a guest', async () => {
  const guest = await rig.person();
  await rig.owner.query("UPDATE chat.users SET role = 'guest' WHERE id = $1", [guest.id]);
  await expect(api.setUser(root, { id: guest.id, role: UserRole.ADMIN })).rejects.toMatchObject({
    reason: 'invalid-profile',
  });
});

test.each([
  ['demoted', { role: UserRole.USER }],
  ['suspended', { status: UserStatus.SUSPENDED }],
])('keeps the last active operator from being %s', async (_what, change) => {
  const idle = await rig.person('admin');
  await api.setUser(root, { id: idle.id, status: UserStatus.SUSPENDED });
  await expect(api.setUser(root, { id: root.id, ...change })).rejects.toMatchObject({ reason: 'last-operator' });
  await api.setUser(root, { id: idle.id, status: UserStatus.ACTIVE });
  await expect(api.setUser(root, { id: root.id, ...change })).resolves.toMatchObject(change);
});

test('one of two operators who demote each other concurrently stays an operator', async () => {
  for (let round = 0; round < 5; round++) {
    await rig.owner.query("UPDATE chat.users SET role = 'user'");
    const [a, b] = [await rig.person('admin'), await rig.person('admin')];
    const demote = (who: Person, whom: Person, manager: number) =>
      api.setUser(who, { id: whom.id, role: UserRole.USER }, manager);
    const { reasons } = await outcomes([demote(a, b, 0), demote(b, a, 1)]);
    expect(reasons).toEqual(['not-operator']);
    expect(await rig.one("SELECT count(*)::int AS n FROM chat.users WHERE role = 'admin'")).toEqual({ n: 1 });
  }
});

describe('kick', () => {
  let user: Person;
  let room: number;

  beforeEach(async () => {
    user = await rig.person();
    room = await rig.room(user);
    await rig.listen(user, room);
  });

  test('ends the seats of a user everywhere', async () => {
    await api.kick(root, { userId: user.id });
    expect(await seatsOf(user.id)).toEqual({ n: 0 });
    expect(await disconnects(2)).toMatchObject([{ channelId: 0, userId: user.id, goodbye: { reason: 'kicked' } }]);
  });

  test('ends the seats of a user in one channel only', async () => {
    const elsewhere = await rig.room(user);
    await api.kick(root, { userId: user.id, channelId: elsewhere });
    expect(await seatsOf(user.id)).toEqual({ n: 1 });
    await api.kick(root, { userId: user.id, channelId: room });
    expect(await seatsOf(user.id)).toEqual({ n: 0 });
    const told = (await disconnects(3)).map(({ channelId, userId }) => [channelId, userId]);
    expect(new Set(told)).toEqual(
      new Set([
        [elsewhere, user.id],
        [room, user.id],
      ]),
    ); // Users of gateways have no seats.
  });

  test('ends all seats in one channel only', async () => {
    const [second, other] = [await rig.person(), await rig.person()];
    await rig.listen(second, room);
    await rig.listen(other, await rig.room(other));
    await api.kick(root, { channelId: room, reason: 'closing time' });
    expect([await seatsOf(user.id), await seatsOf(second.id), await seatsOf(other.id)]).toEqual([
      { n: 0 },
      { n: 0 },
      { n: 1 },
    ]);
    expect(await disconnects(3)).toMatchObject([{ channelId: room, userId: '' }]);
    const { entries } = await api.listAudit(root, { size: 1 });
    expect(entries).toMatchObject([{ actor: root.id, action: 'channel.kick', target: String(room) }]);
    expect(JSON.parse(entries[0]?.detail ?? '')).toEqual({ reason: 'closing time', seats: 2 });
  });

  test('lets a kicked user come back', async () => {
    await api.kick(root, { userId: user.id });
    await expect(rig.listen(user, room)).resolves.toMatchObject({ server: { id: server.instanceId } });
  });

  test.each([
    ['without a target', {}, 'invalid-kick'],
    ['with a long reason', { userId: 'x', reason: 'x'.repeat(1_001) }, 'invalid-kick'],
    ['with NUL in the reason', { userId: 'x', reason: '\0' }, 'invalid-kick'],
    ['with a change of direction in the reason', { userId: 'x', reason: '\u202eevil' }, 'invalid-kick'],
    ['of an unknown user', { userId: 'nobody' }, 'user-not-found'],
    ['of a malformed user id', { userId: '!' }, 'invalid-user-id'],
    ['in an unknown channel', { channelId: 2_000_000_000 }, 'channel-not-found'],
    ['with a channel id that is too large', { channelId: 4_000_000_000 }, 'invalid-channel-id'],
  ])('refuses a kick %s', async (_what, request, reason) => {
    await expect(api.kick(root, request)).rejects.toMatchObject({ reason });
    expect(await seatsOf(user.id)).toEqual({ n: 1 });
  });
});

test('lists every audited action, newest first, in pages', async () => {
  const user = await rig.person();
  await api.setUser(root, { id: user.id, role: UserRole.ADMIN });
  await api.kick(user, { userId: root.id });
  await api.drain(user, server.instanceId);
  await api.setUser(user, { id: root.id, status: UserStatus.SUSPENDED });
  const first = await api.listAudit(user, { size: 3 });
  expect(first.entries.map(({ actor, action, target }) => [actor, action, target])).toEqual([
    [user.id, 'user.set', root.id],
    [user.id, 'server.drain', server.instanceId],
    [user.id, 'user.kick', root.id],
  ]);
  const [newest] = first.entries;
  expect(JSON.parse(newest?.detail ?? '')).toEqual({ role: 'admin', status: 'suspended', was: ['admin', 'active'] });
  expect(Math.abs(Date.now() - (newest?.at ?? 0))).toBeLessThan(60_000);
  const second = await api.listAudit(user, { size: 1, after: first.next });
  expect(second.entries).toMatchObject([{ actor: root.id, action: 'user.set', target: user.id }]);
  for (const page of [{ size: 101 }, { after: 'x' }, { after: '-1' }]) {
    await expect(api.listAudit(user, page)).rejects.toMatchObject({ reason: 'invalid-page' });
  }
});

describe("the audit of an operator's actions in a channel", () => {
  const details = async (who: Person, size: number) =>
    (await api.listAudit(who, { size })).entries.map(({ detail }) => JSON.parse(detail));

  test('the audit distinguishes mute, unmute, ban, unban and removal, with their end times', async () => {
    const chats = new Chats(rig);
    const [owner, user] = [await rig.person(), await rig.person()];
    const id = await chats.make(owner, 'public');
    await chats.join(user, id);
    const until = Date.now() + 3_600_000;
    for (const change of [
      { muteUntil: until },
      { muteUntil: 0 },
      { remove: true },
      { banUntil: until },
      { banUntil: 0 },
    ]) {
      await chats.change(root, id, user, change);
    }
    expect(await details(root, 5)).toEqual([
      { user: user.id, change: 'unban' },
      { user: user.id, change: 'ban', until },
      { user: user.id, change: 'remove' },
      { user: user.id, change: 'unmute' },
      { user: user.id, change: 'mute', until },
    ]);
  });

  test('the audit includes actions of operators on themselves and on a fellow admin of the channel', async () => {
    const chats = new Chats(rig);
    const [owner, peer] = [await rig.person(), await rig.person()];
    const id = await chats.make(owner, 'public');
    await chats.join(root, id);
    await chats.change(owner, id, root, { banUntil: 9e15 });
    await chats.change(root, id, root, { banUntil: 0 });
    expect(await details(root, 1)).toEqual([{ user: root.id, change: 'unban' }]);
    await chats.join(root, id);
    await chats.join(peer, id);
    for (const who of [root, peer]) await chats.change(owner, id, who, { role: 2 });
    await chats.change(root, id, peer, { muteUntil: 9e15 });
    expect(await details(root, 1)).toEqual([{ user: peer.id, change: 'mute', until: 9e15 }]);
  });

  test('the audit omits what operators may do as channel owner or as a normal user', async () => {
    const chats = new Chats(rig);
    const user = await rig.person();
    const [own, others] = [await chats.make(root, 'public'), await chats.make(user, 'public')];
    await chats.join(user, own);
    await chats.change(root, own, user, { muteUntil: 9e15 });
    await chats.join(root, others);
    await chats.change(root, others, root, { remove: true });
    expect(await rig.one('SELECT count(*)::int AS n FROM chat.audit WHERE actor = $1', root.id)).toEqual({ n: 0 });
  });
});

test('verifies the email address that the operator names, if the user still has it and no other account has verified it', async () => {
  const root = await rig.person('admin');
  const api = new AdminApi(rig);
  const [ann, bob] = (await rig.persons(2)) as [Person, Person];
  await rig.owner.query("UPDATE chat.users SET email = 'shared@example.org' WHERE id IN ($1, $2)", [ann.id, bob.id]);
  const verify = (who: Person, email: string) => api.setUser(root, { id: who.id, email, emailVerified: true });
  for (const email of ['', '\0', 'x'.repeat(255)]) {
    await expect(verify(ann, email)).rejects.toMatchObject({ reason: 'invalid-email' });
  }
  await expect(verify(ann, 'earlier@example.org')).rejects.toMatchObject({ reason: 'email-changed' });
  await verify(ann, 'Shared@example.org');
  await expect(verify(bob, 'shared@example.org')).rejects.toMatchObject({ reason: 'email-taken' });
  const verified = 'SELECT email_verified FROM chat.users WHERE id IN ($1, $2) ORDER BY number';
  expect((await rig.owner.query(verified, [ann.id, bob.id])).rows).toEqual([
    { email_verified: true },
    { email_verified: false },
  ]);
  await expect(
    api.setUser(ann, { id: bob.id, email: 'shared@example.org', emailVerified: true }),
  ).rejects.toMatchObject({
    reason: 'not-operator',
  });
  await rig.owner.query('UPDATE chat.users SET bot = true WHERE id = $1', [bob.id]);
  await expect(api.setUser(root, { id: bob.id, role: 2 })).rejects.toMatchObject({ reason: 'invalid-profile' });
});
