import { setTimeout as pause } from 'node:timers/promises';
import { type ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import { ChannelKind, createClient, MemberRole, type ParleyClient, textOf, Visibility } from '../src/index.js';
import { webTransport } from '../src/web/index.js';
import { clientOf, Listener, until } from './rig.js';
import { XmlHttpRequest } from './xml-http-request.js';

let trio: Trio;
let users: ServiceProcess;
let gateway: ServiceProcess;
const clients: ParleyClient[] = [];

beforeAll(async () => {
  Object.assign(globalThis, { XMLHttpRequest: XmlHttpRequest });
  trio = await Trio.start();
  users = await trio.startUserService();
  gateway = await trio.startGateway();
});
afterAll(async () => {
  await Promise.all(clients.map((one) => one.close()));
  await trio.stop();
});

type Way = 'gRPC' | 'gRPC-Web';

function clientBy(way: Way, person: TestPerson): ParleyClient {
  const { token } = person;
  const client =
    way === 'gRPC'
      ? clientOf(trio, person, users.grpc)
      : createClient({ transport: webTransport({ origin: gateway.http }), token });
  clients.push(client);
  return client;
}

/** Makes three users, each with a client. */
async function three(way: Way, prefix: string) {
  const people = (await trio.people.makeMany(`${prefix}-${way === 'gRPC' ? 'g' : 'w'}`, 3)) as [
    TestPerson,
    TestPerson,
    TestPerson,
  ];
  const [ann, bob, cy] = people.map((one) => clientBy(way, one)) as [ParleyClient, ParleyClient, ParleyClient];
  return { ann, bob, cy, ids: people.map(({ id }) => id) as [string, string, string] };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const ways: Way[] = ['gRPC', 'gRPC-Web'];

test.each(ways)('%s: members are added, get roles, are muted, banned and removed, and leave', async (way) => {
  const { ann, bob, ids } = await three(way, 'm');
  const [, bobId, cyId] = ids;
  const { id } = await ann.create({ name: 'team', kind: ChannelKind.GROUP });
  expect(await ann.members.add(id, bobId)).toMatchObject({ id: bobId, memberRole: MemberRole.MEMBER });
  expect(await ann.members.setRole(id, bobId, 'admin')).toMatchObject({ memberRole: MemberRole.ADMIN });
  await bob.members.add(id, cyId);
  await bob.members.mute(id, cyId, Date.now() + 60_000);
  const roles = async () => (await all(ann.members.list(id, { size: 1 }))).map((one) => [one.id, one.memberRole]);
  expect(await roles()).toEqual([
    [ids[0], MemberRole.OWNER],
    [bobId, MemberRole.ADMIN],
    [cyId, MemberRole.MEMBER],
  ]);
  await bob.members.mute(id, cyId, 0);
  await bob.members.ban(id, cyId, Date.now() + 60_000);
  await expect(bob.members.add(id, cyId)).rejects.toMatchObject({ reason: 'banned' });
  await bob.members.ban(id, cyId, 0);
  expect(await ann.members.transfer(id, bobId)).toMatchObject({ offered: MemberRole.OWNER });
  expect(await bob.members.transfer(id, bobId)).toMatchObject({ memberRole: MemberRole.OWNER });
  await ann.members.remove(id, ids[0]);
  await expect(ann.members.page(id)).rejects.toMatchObject({ reason: 'channel-not-found' });
  await expect(bob.members.remove(id, bobId)).rejects.toMatchObject({ reason: 'owner-stays' });
});

test.each(ways)('%s: several users are added with one entry, which everyone sees', async (way) => {
  const { ann, bob, cy, ids } = await three(way, 'several');
  const { id } = await ann.create({ name: 'team', kind: ChannelKind.GROUP });
  const listener = new Listener(await ann.listen(id));
  const additions = await ann.members.addAll(id, [ids[1], 'nobody-at-all', ids[2]]);
  expect(additions).toMatchObject([
    { userId: ids[1], user: { id: ids[1], memberRole: MemberRole.MEMBER } },
    { userId: 'nobody-at-all', refusal: { reason: 'user-not-found', message: 'User not found. Check the id.' } },
    { userId: ids[2], user: { id: ids[2], memberRole: MemberRole.MEMBER } },
  ]);
  const entry = { type: 'member', seq: 1, userId: ids[1], userIds: [ids[1], ids[2]], joined: true, by: ids[0] };
  await until(() => listener.of('member').length > 0);
  expect(listener.of('member')).toMatchObject([entry]);
  for (const client of [ann, bob, cy]) expect((await client.history(id)).entries).toMatchObject([entry]);
  const { log } = (await bob.channel(id)) ?? {};
  const resumed = await cy.listen(id, { after: { log: log ?? '', seq: 0 } });
  await resumed.send('all here');
  await until(() => listener.texts.includes('all here'));
  const reader = new Listener(resumed);
  await until(() => reader.texts.includes('all here'));
  expect(reader.of('member')).toMatchObject([entry]);
  await expect(ann.members.addAll(id, [])).rejects.toMatchObject({ reason: 'invalid-member-change' });
});

test.each(ways)('%s: an invite link is shown before joining, counted, listed and revoked', async (way) => {
  const { ann, bob, cy, ids } = await three(way, 'i');
  const { id: channelId } = await ann.create({ name: 'by invitation', kind: ChannelKind.PRIVATE });
  const { id } = await ann.invites.create(channelId, { maxUses: 1, expiresAt: Date.now() + 60_000 });
  expect(await bob.invites.preview(id)).toMatchObject({ name: 'by invitation', memberCount: 1 });
  expect(await bob.invites.join(id)).toMatchObject({ id: channelId, myRole: MemberRole.MEMBER });
  expect(await bob.invites.join(id)).toMatchObject({ id: channelId });
  await expect(cy.invites.join(id)).rejects.toMatchObject({ reason: 'invite-not-found' });
  const second = await ann.invites.create(channelId);
  await ann.invites.revoke(second.id);
  const listed = await ann.invites.list(channelId);
  expect(listed.map((one) => [one.id, one.useCount, one.maxUses, one.expired, one.createdBy])).toEqual([
    [second.id, 0, 0, true, ids[0]],
    [id, 1, 1, true, ids[0]],
  ]);
  await expect(cy.invites.preview(second.id)).rejects.toMatchObject({ reason: 'invite-not-found' });
});

test.each(ways)('%s: two users have one direct chat, and a public chat is joined by its id', async (way) => {
  const { ann, bob, ids } = await three(way, 'd');
  const direct = await ann.chats.direct(ids[1]);
  expect((await bob.chats.direct(ids[0])).id).toBe(direct.id);
  await expect(ann.chats.direct('nobody-at-all')).rejects.toMatchObject({ reason: 'user-not-found' });
  const news = await ann.create({ name: 'news', kind: ChannelKind.PUBLIC });
  expect(await bob.chats.join(news.id)).toMatchObject({ id: news.id, myRole: MemberRole.MEMBER });
  const changed = await ann.chats.update(news.id, { description: 'what is new', slowModeS: 5 });
  expect(changed).toMatchObject({ name: 'news', description: 'what is new', slowModeS: 5 });
  await expect(bob.chats.update(news.id, { name: 'mine' })).rejects.toMatchObject({ reason: 'not-channel-admin' });
  await expect(ann.create({ name: 'hall', closedHistory: true })).rejects.toMatchObject({
    reason: 'invalid-channel',
    message: 'A room has no members. Leave out closed_history.',
  });
});

test.each(ways)('%s: a user changes the profile and the password, and ends sessions', async (way) => {
  const name = `p-${way === 'gRPC' ? 'g' : 'w'}`;
  const ann = clientBy(way, await trio.people.make(`${name}-maker`));
  await ann.register({ userId: name, password: 'correct horse', name: 'Ann' });
  await ann.login(name, 'correct horse', { device: 'first' });
  const other = clientBy(way, await trio.people.make(`${name}-other`));
  await other.login(name, 'correct horse', { device: 'second' });
  const about = { about: 'Here.', visibility: Visibility.CONTACTS };
  expect(await ann.account.update(about)).toMatchObject({ name: 'Ann', ...about });
  const devices = async () => (await ann.sessions.list()).map(({ device, current }) => [device, current]);
  expect(await devices()).toEqual([
    ['second', false],
    ['first', true],
  ]);
  await ann.account.changePassword('correct horse', 'battery staple');
  expect(await devices()).toEqual([['first', true]]);
  await expect(other.sessions.list()).rejects.toMatchObject({ reason: 'logged-out' });
  await other.login(name, 'battery staple', { device: 'third' });
  const [third] = await ann.sessions.list();
  await ann.sessions.end(third?.id ?? '');
  await expect(ann.sessions.end(third?.id ?? '')).rejects.toMatchObject({ reason: 'session-not-found' });
  expect(await ann.account.changeEmail('battery staple', 'ann@example.org')).toMatchObject({
    email: 'ann@example.org',
  });
  await ann.sessions.endAll();
  await expect(ann.sessions.list()).rejects.toMatchObject({ reason: 'logged-out' });
});

test.each(ways)('%s: messages are found by their words, sender, channel and time', async (way) => {
  const { ann, bob, ids } = await three(way, 's');
  const { id: channelId } = await ann.chats.direct(ids[1]);
  const [fromAnn, fromBob] = [await ann.listen(channelId), await bob.listen(channelId)];
  await fromAnn.send('lunch at noon?');
  await fromBob.send('lunch at one');
  await fromAnn.send('fine');
  const texts = async (...search: Parameters<ParleyClient['search']>) =>
    (await all(bob.search(...search))).map((found) => [found.channelId, found.seq, textOf(found)]);
  const isFound = async () => (await texts('fine')).length > 0 || pause(500, false); // The rate of searches is limited, so wait between two of them.
  await until(isFound);
  const [noon, one] = [
    [channelId, 1, 'lunch at noon?'],
    [channelId, 2, 'lunch at one'],
  ];
  expect(await texts('LUNCH', { size: 1 })).toEqual([one, noon]);
  expect(await texts('"at noon"', { channelId })).toEqual([noon]);
  expect(await texts('lunch', { sender: ids[1] })).toEqual([one]);
  expect(await texts('lunch', { before: Date.now() - 86_400_000 })).toEqual([]);
  expect(await texts('lunch', { after: Date.now() - 86_400_000 })).toHaveLength(2);
  await expect(texts('?!')).rejects.toMatchObject({ reason: 'invalid-search' });
});

test.each(ways)('%s: the overview counts unread messages, and receipts say who has read a message', async (way) => {
  const { ann, bob, cy, ids } = await three(way, 'o');
  const { id: channelId } = await ann.create({ name: 'team', kind: ChannelKind.GROUP });
  await ann.members.add(channelId, ids[1]);
  await ann.members.add(channelId, ids[2]);
  const [fromAnn, fromBob] = [await ann.listen(channelId), await bob.listen(channelId)];
  const heard = new Listener(fromAnn);
  void new Listener(fromBob);
  await fromAnn.send('first');
  const { seq } = await fromAnn.send('second', { mentions: [ids[2]] });
  const own = async (client: ParleyClient) => (await all(client.chats.overview({ size: 1 })))[0];
  expect(await own(cy)).toMatchObject({
    ...{ channel: { id: channelId, name: 'team' }, peer: undefined, last: { type: 'message', seq } },
    ...{ unread: 2, mentions: 1, markedUnread: false, notify: 'all' },
  });
  await until(() => heard.of('receipt').some((one) => one.userId === ids[1] && one.deliveredSeq === seq));
  expect((await fromAnn.receipts()).get(ids[1])).toEqual({ deliveredSeq: seq, readSeq: 0 });
  fromBob.markRead();
  await until(() => heard.of('receipt').some((one) => one.userId === ids[1] && one.readSeq === seq));
  const { log } = await cy.chats.get(channelId);
  await cy.chats.markDelivered(channelId, { log, seq });
  expect(await cy.chats.markRead(channelId, { log, seq: seq - 1 })).toMatchObject({ unread: 1 });
  expect(await cy.chats.markUnread(channelId)).toMatchObject({ markedUnread: true });
  expect(await cy.chats.markUnread(channelId, false)).toMatchObject({ markedUnread: false });
  await cy.chats.notify(channelId, 'mentions');
  expect(await cy.chats.get(channelId)).toMatchObject({ notify: 'mentions' });
  expect(await all(ann.chats.receipts(channelId, seq, { size: 1 }))).toEqual([
    expect.objectContaining({ userId: ids[1], deliveredSeq: seq, readSeq: seq }),
    expect.objectContaining({ userId: ids[2], deliveredSeq: seq, readSeq: seq - 1 }),
  ]);
  expect(await fromAnn.receipts()).toEqual(
    new Map([
      [ids[1], { deliveredSeq: seq, readSeq: seq }],
      [ids[2], { deliveredSeq: seq, readSeq: seq - 1 }],
    ]),
  );
  await cy.chats.markRead(channelId, { log, seq });
  fromAnn.reconnect();
  await until(() => heard.of('receipt').some((one) => one.userId === ids[2] && one.readSeq === seq));
  await expect(cy.chats.markRead(channelId, { log: 'x', seq })).rejects.toMatchObject({ reason: 'other-log' });
});

test.each(ways)('%s: notifications are listed and marked as read', async (way) => {
  const { ann, bob, ids } = await three(way, 'n');
  const { id: channelId } = await ann.create({ name: 'team', kind: ChannelKind.GROUP });
  await ann.members.add(channelId, ids[1]);
  const conversation = await ann.listen(channelId);
  const { seq } = await conversation.send('you!', { mentions: [ids[1]] });
  const kinds = async (unreadOnly = false) =>
    (await all(bob.notifications.list({ size: 1, unreadOnly }))).map((one) => [one.kind, one.seq, one.by]);
  await until(async () => (await kinds()).length === 2 || pause(500, false));
  expect(await kinds()).toEqual([
    ['mention', seq, ids[0]],
    ['added', expect.any(Number), ids[0]],
  ]);
  expect(await bob.notifications.unread()).toBe(2);
  const [mention] = await all(bob.notifications.list());
  await bob.notifications.markRead({ ids: [mention?.id ?? 0] });
  expect((await kinds(true)).map(([kind]) => kind)).toEqual(['added']);
  await bob.notifications.markRead({ upTo: mention?.id ?? 0 });
  expect(await bob.notifications.unread()).toBe(0);
});

test.each(ways)('%s: users are found by the start of their names, and blocked', async (way) => {
  const { ann, bob, ids } = await three(way, 'f');
  await bob.account.update({ name: `Zoé ${ids[1]}` });
  const found = async (text: string) => (await all(ann.people.search(text, { size: 2 }))).map(({ id }) => id);
  expect(await found(`zoe ${ids[1]}`)).toEqual([ids[1]]);
  expect((await found(ids[1].slice(0, -2))).sort()).toEqual([...ids]);
  await ann.people.block(ids[1]);
  expect((await all(ann.people.blocked())).map(({ id }) => id)).toEqual([ids[1]]);
  await expect(bob.chats.direct(ids[0])).rejects.toMatchObject({ reason: 'user-not-found' });
  await ann.people.unblock(ids[1]);
  expect(await all(ann.people.blocked())).toEqual([]);
  expect((await bob.chats.direct(ids[0])).kind).toBe(ChannelKind.DIRECT);
});

test.each(ways)('%s: a channel admin makes a bot, which talks with its token until it is revoked', async (way) => {
  const { ann, bob, ids } = await three(way, 'b');
  const { id: channelId } = await ann.create({ name: 'team', kind: ChannelKind.GROUP });
  await ann.members.add(channelId, ids[1]);
  const botId = `${ids[0]}-helper`;
  await expect(bob.bots.create(botId, { channelId })).rejects.toMatchObject({ reason: 'not-channel-admin' });
  await expect(ann.bots.create(botId)).rejects.toMatchObject({ reason: 'not-operator' });
  const { user, token } = await ann.bots.create(botId, { name: 'Helper', channelId });
  expect(user).toMatchObject({ id: botId, name: 'Helper', bot: true });
  await ann.members.add(channelId, botId);
  const bot = clientBy(way, { ...(await trio.people.make(`${botId}-owner`)), token });
  const conversation = await bot.listen(channelId);
  await conversation.send('hello');
  expect(await ann.history(channelId)).toMatchObject({ entries: [{ sender: botId }, {}, {}] });
  const { id: other } = await ann.create({ name: 'other', kind: ChannelKind.GROUP });
  await expect(ann.members.add(other, botId)).rejects.toMatchObject({ reason: 'bot-channel' });
  expect((await all(ann.bots.list({ channelId, size: 1 }))).map(({ id }) => id)).toEqual([botId]);
  await expect(all(bob.bots.list({ channelId }))).rejects.toMatchObject({ reason: 'not-channel-admin' });
  await expect(bob.bots.revoke(botId)).rejects.toMatchObject({ reason: 'user-not-found' });
  await ann.bots.revoke(botId);
  const heard = new Listener(conversation);
  await heard.done;
  await expect(bot.sessions.list()).rejects.toMatchObject({ reason: expect.stringMatching(/logged-out|suspended/) });
  expect(await all(ann.bots.list({ channelId }))).toEqual([]);
});

test.each(ways)('%s: messages and users are reported to the operators', async (way) => {
  const { ann, bob, cy, ids } = await three(way, 'r');
  const { id: channelId } = await ann.chats.direct(ids[1]);
  const { seq } = await (await bob.listen(channelId)).send('buy here');
  await ann.people.report({ channelId, seq }, 'spam');
  await ann.people.report({ userId: ids[2] }, 'a nuisance');
  const target = (wanted: string) =>
    trio.people.sql('SELECT reason FROM chat.abuse_report WHERE user_id = $1', [wanted]);
  expect([await target(ids[1]), await target(ids[2])]).toEqual([[{ reason: 'spam' }], [{ reason: 'a nuisance' }]]);
  await expect(cy.people.report({ channelId, seq }, 'spam')).rejects.toMatchObject({ reason: 'channel-not-found' });
  await expect(cy.people.report({ userId: ids[2] }, 'me')).rejects.toMatchObject({ reason: 'invalid-abuse-report' });
});

test.each(ways)('%s: a one-time password must be changed before anything else', async (way) => {
  const name = `once-${way === 'gRPC' ? 'g' : 'w'}`;
  const operator = clientBy(way, await trio.people.make(`${name}-operator`, 'admin'));
  const ann = clientBy(way, await trio.people.make(`${name}-maker`));
  await ann.register({ userId: name, password: 'correct horse', name: 'Ann' });
  expect(await ann.login(name, 'correct horse')).toMatchObject({ mustChangePassword: false });
  await expect(ann.people.resetPassword(name)).rejects.toMatchObject({ reason: 'not-operator' });
  const once = await operator.people.resetPassword(name);
  await expect(ann.sessions.list()).rejects.toMatchObject({ reason: 'logged-out' });
  expect(await ann.login(name, once)).toMatchObject({ mustChangePassword: true });
  await expect(ann.channels()).rejects.toMatchObject({ reason: 'must-change-password' });
  await expect(ann.account.changePassword(once, once)).rejects.toMatchObject({ reason: 'must-change-password' });
  await ann.account.changePassword(once, 'battery staple');
  expect(await ann.listChannels({ mine: true })).toMatchObject({ ids: [] });
  await expect(ann.login(name, once)).rejects.toMatchObject({ reason: 'wrong-credentials' });
  expect(await ann.login(name, 'battery staple')).toMatchObject({ mustChangePassword: false });
});

test('an invitation from an operator allows one registration if registration requires an invitation', async () => {
  const invited = await trio.startUserService({ PARLEY_REGISTRATION: 'invite' });
  const operator = clientOf(trio, await trio.people.make('host', 'admin'), users.grpc);
  const stranger = clientOf(trio, await trio.people.make('stranger'), invited.grpc);
  clients.push(operator, stranger);
  const account = (userId: string) => ({ userId, password: 'correct horse', name: 'Guest' });
  await expect(stranger.register(account('guest-1'))).rejects.toMatchObject({ reason: 'invite-not-found' });
  const { id: invite } = await operator.invites.create(0, { maxUses: 1 });
  await stranger.register({ ...account('guest-1'), invite });
  expect(await stranger.login('guest-1', 'correct horse')).toMatchObject({ user: { id: 'guest-1' } });
  await expect(stranger.register({ ...account('guest-2'), invite })).rejects.toMatchObject({
    reason: 'invite-not-found',
  });
  expect(await operator.invites.list(0)).toMatchObject([{ id: invite, useCount: 1, expired: true }]);
});
