import { randomUUID } from 'node:crypto';
import { type Method, methodNames } from '@parley/contract';
import { type ServiceProcess, Trio } from '@parley/testkit';
import type { ApiRequest } from '../src/api/route.js';
import { restForm } from '../src/rest/rest-form.js';
import { RestClient } from './rest-client.js';

let trio: Trio;
let gateway: ServiceProcess;
let names = 0;

beforeAll(async () => {
  trio = await Trio.start();
  await trio.startUserService();
  gateway = await trio.startGateway();
});
afterAll(() => trio?.stop());

/** Returns clients of new users, and their ids. */
async function people(count: number) {
  const made = await trio.people.makeMany(`rest-${++names}`, count);
  return made.map((person) => ({ ...person, rest: new RestClient(gateway.http, person.token) }));
}

test('a user registers, logs in, changes the profile and logs out', async () => {
  const anyone = new RestClient(gateway.http);
  const id = `new-${randomUUID()}`;
  const account = { user_id: id, password: 'correct horse battery', name: 'Nana' };
  const registered = await anyone.send('POST', '/accounts', { json: account });
  expect([registered.status, registered.headers.get('location')]).toEqual([201, `/api/v1/users/${id}`]);
  expect(await anyone.send('POST', '/accounts', { json: account })).toMatchObject({
    status: 409,
    json: { reason: 'user-id-taken', status: 409, type: 'urn:parley:reason:user-id-taken' },
  });
  const login = { user_id: id, password: account.password, device: 'curl' };
  const { token, user } = await anyone.ok('POST', '/sessions', login);
  expect(user).toMatchObject({ id, name: 'Nana', role: 'user', status: 'active' });
  const me = new RestClient(gateway.http, token);
  expect(await me.ok('GET', '/me')).toMatchObject({ id, visibility: 'users', email: null });
  expect(
    await me.ok('PATCH', '/me', { about: 'hi', email: 'n@example.org', password: account.password }),
  ).toMatchObject({ about: 'hi', email: 'n@example.org', email_verified: false });
  expect(await me.ok('PATCH', '/me', { email: null, password: account.password })).toMatchObject({ email: null });
  const { sessions } = await me.ok('GET', '/sessions');
  expect(sessions).toMatchObject([{ device: 'curl', current: true }]);
  await me.ok('DELETE', '/sessions/current');
  expect(await me.send('GET', '/me')).toMatchObject({ status: 401, json: { reason: 'logged-out' } });
});

test('two users hold a conversation: direct and group chats, messages, edits, reactions, receipts, search', async () => {
  const [ann, bob, cy] = await people(3);
  if (ann === undefined || bob === undefined || cy === undefined) throw new Error('no people');
  const direct = await ann.rest.ok('PUT', `/users/${bob.id}/direct-chat`);
  expect(direct).toMatchObject({ kind: 'direct', my_role: 'member' });
  const group = await ann.rest.ok('POST', '/channels', { name: 'Équipe', kind: 'group', description: 'the team' });
  const at = `/channels/${group.id}`;
  const { additions } = await ann.rest.ok('POST', `${at}/members`, { user_ids: [bob.id, cy.id, 'nobody-here'] });
  expect(additions).toMatchObject([
    { member: { id: bob.id, member_role: 'member' }, refusal: null },
    { member: { id: cy.id }, refusal: null },
    { member: null, refusal: { reason: 'user-not-found' } },
  ]);
  const first = await ann.rest.send('POST', `${at}/messages`, { json: { text: '日本語\nline', mentions: [bob.id] } });
  expect([first.status, first.headers.get('location')]).toEqual([201, `/api/v1${at}/messages/${first.json.seq}`]);
  const { seq } = first.json;
  const reply = await bob.rest.ok('POST', `${at}/messages`, { text: 'yes', reply_to: seq });
  await bob.rest.ok('PUT', `${at}/messages/${seq}/reactions/${encodeURIComponent('👍')}`);
  await ann.rest.ok('PATCH', `${at}/messages/${seq}`, { text: 'better' });
  expect(await bob.rest.ok('GET', `${at}/messages/${seq}`)).toMatchObject({
    ...{ text: 'better', sender: ann.id, sender_number: ann.number, kind: 'message', data: null },
    reactions: [{ emoji: '👍', count: 1, mine: true, user_ids: [bob.id] }],
    replies: { count: 1, last_seq: reply.seq, last_sender: bob.id },
  });
  await bob.rest.ok('DELETE', `${at}/messages/${reply.seq}`);
  const { messages, more } = await cy.rest.ok('GET', `${at}/messages?size=2`);
  expect(messages.map((one) => [one.seq, one.deleted])).toEqual([
    [reply.seq, true],
    [seq, false],
  ]);
  expect(more).toBe(true);
  const { chats } = await bob.rest.ok('GET', '/chats');
  const seen = chats.find(({ channel }) => channel.id === group.id);
  expect(seen).toMatchObject({ unread: 1, mentions: 1, notify: 'all', channel: { member_count: 3 } });
  const read = await bob.rest.ok('PATCH', `${at}/receipt`, { log: seen?.log, read_seq: seq });
  expect(read).toMatchObject({ unread: 0, mine: { read_seq: seq } });
  const { receipts } = await ann.rest.ok('GET', `${at}/receipts?seq=${seq}`);
  expect(receipts).toContainEqual(expect.objectContaining({ user_id: bob.id, read_seq: seq }));
  const { notifications, unread } = await bob.rest.ok('GET', '/notifications?unread_only=true');
  expect([unread, notifications.map(({ kind }) => kind)]).toEqual([1, ['added']]); // The mention is read.
  await bob.rest.ok('POST', '/notifications/read', { up_to: notifications[0]?.id });
  expect((await bob.rest.ok('GET', '/notifications')).unread).toBe(0);
});

test('members join a public chat or use an invite, get roles, are muted and leave', async () => {
  const [ann, bob, cy] = await people(3);
  if (ann === undefined || bob === undefined || cy === undefined) throw new Error('no people');
  const { id } = await ann.rest.ok('POST', '/channels', { name: 'plaza', kind: 'public' });
  expect(await bob.rest.ok('POST', `/channels/${id}/join`)).toMatchObject({ id, my_role: 'member' });
  const invite = await ann.rest.ok('POST', `/channels/${id}/invites`, { max_uses: 1 });
  expect(invite).toMatchObject({ channel_id: id, max_uses: 1, expires_at: null });
  expect(await cy.rest.ok('GET', `/invites/${invite.id}`)).toMatchObject({ id, name: 'plaza', member_count: 2 });
  await cy.rest.ok('POST', `/invites/${invite.id}/join`);
  expect((await ann.rest.ok('GET', `/channels/${id}/invites`)).invites).toMatchObject([
    { use_count: 1, expired: true },
  ]);
  expect(await ann.rest.ok('PATCH', `/channels/${id}/members/${bob.id}`, { role: 'admin' })).toMatchObject({
    id: bob.id,
    member_role: 'admin',
  });
  await bob.rest.ok('PATCH', `/channels/${id}/members/${cy.id}`, { mute_until: '2999-01-01T00:00:00Z' });
  expect(await cy.rest.send('POST', `/channels/${id}/messages`, { json: { text: 'hm' } })).toMatchObject({
    status: 403,
    json: { reason: 'muted' },
  });
  const { members } = await bob.rest.ok('GET', `/channels/${id}/members`);
  expect(members.map((one) => [one.id, one.member_role]).sort()).toEqual([
    [ann.id, 'owner'],
    [bob.id, 'admin'],
    [cy.id, 'member'],
  ]);
  await cy.rest.ok('DELETE', `/channels/${id}/members/${cy.id}`);
  await ann.rest.ok('DELETE', `/channels/${id}`);
  expect(await ann.rest.send('GET', `/channels/${id}`)).toMatchObject({
    status: 404,
    json: { reason: 'channel-not-found' },
  });
});

test('an Idempotency-Key is the client id: a repeated post is one message, and another text with it is 422', async () => {
  const [ann] = await people(1);
  if (ann === undefined) throw new Error('no people');
  const { id } = await ann.rest.ok('POST', '/channels', { name: 'keys', kind: 'group' });
  for (const key of [randomUUID(), `"${'k'.repeat(40)}"`]) {
    const headers = { 'idempotency-key': key };
    const post = (text: string) => ann.rest.send('POST', `/channels/${id}/messages`, { json: { text }, headers });
    const [first, again] = [await post('once'), await post('once')];
    expect([first.status, again.status, again.json]).toEqual([201, 201, first.json]);
    expect(await post('another text')).toMatchObject({ status: 422, json: { reason: 'client-id-reused' } });
  }
  const { messages } = await ann.rest.ok('GET', `/channels/${id}/messages`);
  expect(messages.filter(({ text }) => text === 'once')).toHaveLength(2);
});

test('ETag: an unchanged resource is 304, and If-Match with another state is 412', async () => {
  const [ann] = await people(1);
  if (ann === undefined) throw new Error('no people');
  const { id } = await ann.rest.ok('POST', '/channels', { name: 'tags', kind: 'group' });
  const read = await ann.rest.send('GET', `/channels/${id}`);
  const etag = String(read.headers.get('etag'));
  const same = await ann.rest.send('GET', `/channels/${id}`, { headers: { 'if-none-match': etag } });
  expect([same.status, same.text]).toEqual([304, '']);
  const rename = (name: string) =>
    ann.rest.send('PATCH', `/channels/${id}`, { json: { name }, headers: { 'if-match': etag } });
  expect((await rename('one')).json).toMatchObject({ name: 'one' });
  expect(await rename('two')).toMatchObject({ status: 412, json: { reason: 'precondition-failed' } });
  const post = { json: { text: 'x' }, headers: { 'if-match': etag } };
  expect((await ann.rest.send('POST', `/channels/${id}/messages`, post)).status).toBe(412);
});

test('of several changes at the same moment with the same If-Match, at two gateways, exactly one wins', async () => {
  const [ann] = await people(1);
  if (ann === undefined) throw new Error('no people');
  const clients = [ann.rest, new RestClient((await trio.startGateway()).http, ann.token)];
  const { id } = await ann.rest.ok('POST', '/channels', { name: 'race', kind: 'group' });
  const quiet = await ann.rest.ok('POST', '/channels', { name: 'quiet', kind: 'group' }); // Its status stays the same.
  const { seq } = await ann.rest.ok('POST', `/channels/${id}/messages`, { text: 'first' });
  for (const [path, field] of [
    [`/channels/${id}/messages/${seq}`, 'text'],
    [`/channels/${quiet.id}`, 'name'],
    ['/me', 'about'],
  ] as const) {
    const etag = String((await ann.rest.send('GET', path)).headers.get('etag'));
    const change = (n: number) =>
      clients[n % 2]?.send('PATCH', path, { json: { [field]: `of ${n}` }, headers: { 'if-match': etag } });
    const statuses = (await Promise.all(Array.from({ length: 6 }, (_, n) => change(n)))).map((one) => one?.status);
    expect([path, statuses.sort()]).toEqual([path, [200, ...Array(5).fill(412)]]);
  }
});

test('every call of users has a route', async () => {
  const called = new Set<string>();
  const note = ({ path }: Pick<Method, 'path'>) => {
    called.add(path);
    throw new Error('noted');
  };
  const calls = {
    users: note,
    managers: note,
    me: async () => ({ id: 'ann' }),
    overview: () => note({ path: '/chat.v1.ChannelService/Overview' }),
    channel: () => note({ path: '/chat.v1.ChannelService/List' }),
    post: () => note({ path: '/chat.v1.InboxService/Post' }),
  };
  const body = { text: 'x', mute_until: null, ids: [1], notify: 'all', user_ids: [] };
  for (const { run } of restForm.routes) {
    const asked = { params: {}, query: {}, headers: {}, calls, setHeader: () => {} };
    const forms = [body, { mute_until: null }].map((one) => ({ ...asked, body: one }));
    for (const one of forms) await run(one as unknown as ApiRequest<never, never, never>).catch(() => {});
  }
  const wanted = ['UserService', 'ChannelService'].flatMap((service) =>
    (methodNames[`chat.v1.${service}`] ?? []).map((method) => `/chat.v1.${service}/${method}`),
  );
  const byServices = ['/chat.v1.ChannelService/Report', '/chat.v1.ChannelService/Locate'];
  expect(wanted.filter((path) => !byServices.includes(path) && !called.has(path))).toEqual([]);
  expect(called.has('/chat.v1.InboxService/Post')).toBe(true);
});
