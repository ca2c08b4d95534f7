/**
 * Document 004, "Real Time Chat Application", point by point: accounts, chats, members, invites,
 * notifications and profiles. A title begins with the numbers of its points. The other points are
 * in document-004-messages and document-004-receiving.
 *
 * These have no test here: the web page (13, packages/web); PostgreSQL (14, every test); Redis (15,
 * not needed); push notifications (7, 16) and pictures (18, 21), because they come with files and
 * the gateway; and the items that the document calls future: end-to-end encryption, login by QR
 * code and a mobile app (51 to 53).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { ChannelKind, createClient, MemberRole, textOf, UserRole, UserStatus, Visibility } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';
import { all, Cast, Listener, told, until } from './rig.js';

let cast: Cast;

beforeAll(async () => {
  cast = await Cast.open();
});
afterAll(() => cast.close());

const newClient = () =>
  createClient({
    transport: grpcTransport({ userService: cast.users.grpc, channelService: cast.trio.managers[0]?.grpc ?? '' }),
  });

describe('Document 004, requirements', () => {
  test('2, 17. A user registers and logs in by id, and has an id, name, email, date, role and status', async () => {
    const client = newClient();
    const before = Date.now() - 60_000;
    await client.register({ userId: 'Zoe', password: 'correct horse', name: 'Zoë 👋', email: 'zoe@example.org' });
    await expect(client.register({ userId: 'zOE', password: 'correct horse', name: 'Twin' })).rejects.toMatchObject({
      reason: 'user-id-taken',
    });
    for (const [id, password] of [
      ['Zoe', 'wrong horse'],
      ['nobody-here', 'correct horse'],
    ] as const)
      await expect(client.login(id, password)).rejects.toMatchObject({ reason: 'wrong-credentials' });
    await client.login('zoe', 'correct horse');
    const me = await client.user('zoe');
    expect(me).toMatchObject({
      id: 'Zoe',
      name: 'Zoë 👋',
      email: 'zoe@example.org',
      role: UserRole.USER,
      status: UserStatus.ACTIVE,
    });
    expect(me.createdAt).toBeGreaterThan(before);
    const [ann] = await cast.make('ann');
    expect(await ann.client.user('zoe')).toMatchObject({ id: 'Zoe', email: '', createdAt: 0 });
    const { id } = await client.create({ name: 'mine', kind: ChannelKind.GROUP });
    const listener = new Listener(await client.listen(id));
    await client.logout();
    await listener.done;
    expect(listener.events.at(-1)).toMatchObject({ type: 'ended', reason: 'logged-out' });
    await client.close();
  });

  test('3. Two users have one direct chat, however often either of them opens it, and nobody else can enter it', async () => {
    const [ann, bob, cy] = await cast.make('ann', 'bob', 'cy');
    const opened = await Promise.all([
      ...Array.from({ length: 4 }, () => ann.client.chats.direct(bob.id)),
      ...Array.from({ length: 4 }, () => bob.client.chats.direct(ann.id.toUpperCase())),
    ]);
    const ids = new Set(opened.map(({ id }) => id));
    expect(ids.size).toBe(1);
    const [id = 0] = ids;
    for (const attempt of [
      cy.client.listen(id),
      cy.client.history(id),
      cy.client.channel(id),
      cy.client.members.page(id),
      cy.client.chats.join(id),
      cy.client.chats.get(id),
    ])
      await expect(attempt).rejects.toMatchObject({ reason: 'channel-not-found' });
    await expect(ann.client.members.add(id, cy.id)).rejects.toMatchObject({ reason: 'wrong-kind' });
    await expect(ann.client.chats.direct('nobody-here')).rejects.toMatchObject({ reason: 'user-not-found' });
    const open = await ann.client.listen(id);
    await open.send('only you');
    expect(await told(bob.client, id)).toEqual(['only you']);
    expect(await bob.client.chats.get(id)).toMatchObject({ peer: { id: ann.id }, unread: 1 });
  });

  test('4. Users are added to a group, every member sees the others, and the log of the chat shows joins and leaves', async () => {
    const { ann, bob, cy, id } = await cast.group({ name: 'Ausflug 🚲', description: 'on Sunday' });
    const [dan] = await cast.make('dan');
    const listener = new Listener(await ann.client.listen(id));
    await bob.client.members.add(id, dan.id);
    await bob.client.members.add(id, dan.id);
    await cy.client.members.remove(id, cy.id);
    await until(() => listener.of('member').length === 2);
    expect(listener.of('member').map(({ userId, joined, by }) => [userId, joined, by])).toEqual([
      [dan.id, true, bob.id],
      [cy.id, false, cy.id],
    ]);
    const members = await all(dan.client.members.list(id));
    expect(members.map((one) => one.id)).toEqual([ann.id, bob.id, dan.id]);
    expect(await dan.client.channel(id)).toMatchObject({
      name: 'Ausflug 🚲',
      memberCount: 3,
      description: 'on Sunday',
    });
    await expect(ann.client.members.remove(id, ann.id)).rejects.toMatchObject({ reason: 'owner-stays' });
  });

  test('7. A mention, a reply, a direct message and an invitation each notify once, until the notification is read', async () => {
    const { ann, bob, id } = await cast.group();
    const [open, answer] = [await ann.client.listen(id), await bob.client.listen(id)];
    const { seq } = await answer.send('question');
    await open.send('answer', { replyTo: seq });
    await open.send('look', { mentions: [bob.id] });
    const direct = await ann.client.chats.direct(bob.id);
    await (await ann.client.listen(direct.id)).send('psst');
    const kinds = async () => (await all(bob.client.notifications.list())).map(({ kind }) => kind);
    await until(async () => (await kinds()).length === 4 || pause(300, false));
    expect((await kinds()).sort()).toEqual(['added', 'direct', 'mention', 'reply']);
    const { log } = await bob.client.chats.get(id);
    await bob.client.chats.markRead(id, { log, seq: seq + 2 });
    expect((await all(bob.client.notifications.list({ unreadOnly: true }))).map(({ kind }) => kind).sort()).toEqual([
      'added',
      'direct',
    ]);
    await ann.client.members.remove(id, bob.id);
    expect(await kinds()).toEqual(['direct']);
  });

  test('9. The owner appoints admins, admins manage members, and plain members can do neither', async () => {
    const { ann, bob, cy, id } = await cast.group();
    await expect(cy.client.members.setRole(id, cy.id, 'admin')).rejects.toMatchObject({ reason: 'not-owner' });
    await expect(cy.client.members.remove(id, bob.id)).rejects.toMatchObject({ reason: 'not-channel-admin' });
    expect(await ann.client.members.setRole(id, bob.id, 'admin')).toMatchObject({ memberRole: MemberRole.ADMIN });
    await bob.client.members.mute(id, cy.id, Date.now() + 60_000);
    await bob.client.members.remove(id, cy.id);
    await expect(bob.client.members.remove(id, ann.id)).rejects.toMatchObject({ reason: 'owner-stays' });
    await expect(bob.client.members.setRole(id, bob.id, 'member')).rejects.toMatchObject({ reason: 'not-owner' });
    await ann.client.members.setRole(id, bob.id, 'member');
    await expect(bob.client.members.ban(id, cy.id, Date.now() + 60_000)).rejects.toMatchObject({
      reason: 'not-channel-admin',
    });
  });

  test('10, 23. An invite link lets in as many users as it allows, even if they all join at the same time', async () => {
    const { ann, bob, id } = await cast.group();
    const guests = await cast.make('dan', 'eve', 'flo', 'gus');
    const link = await ann.client.invites.create(id, { maxUses: 2 });
    expect(link).toMatchObject({ channelId: id, useCount: 0, expired: false, createdBy: ann.id });
    expect(link.createdAt).toBeGreaterThan(0);
    await bob.client.invites.join(link.id);
    const joined = await Promise.allSettled(guests.map(({ client }) => client.invites.join(link.id)));
    expect(joined.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    for (const one of joined)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ reason: 'invite-not-found' });
    expect(await ann.client.invites.list(id)).toMatchObject([{ id: link.id, useCount: 2, maxUses: 2, expired: true }]);
    await expect(ann.client.invites.create(id, { expiresAt: 1 })).rejects.toMatchObject({ reason: 'invalid-invite' });
  });

  test('11, 18. Other users see the about text and the last-seen time of a profile only as its owner allows', async () => {
    const [ann, bob, cy] = await cast.make('ann', 'bob', 'cy');
    await ann.client.account.update({ name: 'Ánn', about: 'Здравствуйте', visibility: Visibility.CONTACTS });
    await expect(bob.client.user(ann.id)).rejects.toMatchObject({ reason: 'user-not-found' });
    expect(await all(bob.client.people.search(ann.id))).toEqual([]);
    const { id } = await ann.client.create({ name: 'us', kind: ChannelKind.GROUP });
    await ann.client.members.add(id, bob.id);
    const open = await ann.client.listen(id);
    await until(async () => (await bob.client.user(ann.id)).online);
    await open.leave();
    const isSeen = async () => (await bob.client.user(ann.id)).lastSeen > 0;
    await until(async () => (await isSeen()) || pause(1_000, false));
    expect(await bob.client.user(ann.id)).toMatchObject({ name: 'Ánn', about: 'Здравствуйте', email: '' });
    await expect(cy.client.user(ann.id)).rejects.toMatchObject({ reason: 'user-not-found' });
    await ann.client.account.update({ visibility: Visibility.NOBODY });
    const [seen] = (await all(bob.client.members.list(id))).filter((one) => one.id === ann.id);
    expect(seen).toMatchObject({ name: 'Ánn', about: '', lastSeen: 0, online: false });
  });

  test('12. A client with a stored position fetches only newer messages', async () => {
    const { ann, bob, id } = await cast.group();
    const [first] = (await bob.client.listChannels({ mine: true })).channels;
    const known = [{ id, version: first?.version ?? 0 }];
    expect(await bob.client.listChannels({ mine: true, known })).toMatchObject({ ids: [id], channels: [] });
    expect(await bob.client.listChannels({ mine: true, withoutChats: true })).toMatchObject({ ids: [] });
    const open = await ann.client.listen(id);
    const { seq } = await open.send('old');
    await open.send('new');
    const { entries } = await bob.client.history(id, { after: seq });
    expect(entries.map((entry) => entry.type === 'message' && textOf(entry))).toEqual(['new']);
    await ann.client.chats.update(id, { name: 'renamed' });
    expect((await bob.client.listChannels({ mine: true, known })).channels).toMatchObject([{ id, name: 'renamed' }]);
  });
});

describe('Document 004, data model', () => {
  test('21. A room has id, date, name, description and the user who created it', async () => {
    const before = Date.now() - 60_000;
    const { ann, bob, id } = await cast.group({ name: 'x'.repeat(64), description: 'd'.repeat(1_000) });
    const room = await bob.client.channel(id);
    expect(room).toMatchObject({ id, name: 'x'.repeat(64), description: 'd'.repeat(1_000), ownerId: ann.id });
    expect(room.createdAt).toBeGreaterThan(before);
    for (const name of ['', '  ', 'x'.repeat(65), 'a\u0000b', '\u200b'])
      await expect(ann.client.create({ name, kind: ChannelKind.GROUP })).rejects.toMatchObject({
        reason: 'invalid-name',
      });
  });

  test('22. A member has a role and the date of joining, which changes when the user leaves and joins again', async () => {
    const { ann, bob, cy, id } = await cast.group();
    const dates = async () => new Map((await all(ann.client.members.list(id))).map((one) => [one.id, one.joinedAt]));
    const before = await dates();
    for (const one of [ann, bob, cy]) expect(before.get(one.id)).toBeGreaterThan(Date.now() - 60_000);
    await ann.client.members.remove(id, bob.id);
    expect((await dates()).get(bob.id)).toBe(0);
    await ann.client.members.add(id, bob.id);
    expect((await dates()).get(bob.id)).toBeGreaterThan(before.get(bob.id) ?? 0);
    expect((await dates()).get(cy.id)).toBe(before.get(cy.id));
  });
});
