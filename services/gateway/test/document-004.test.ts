/**
 * Document 004, a real time chat application, at its own door. The tests are named after the
 * numbered lines of its requirements (docs/doors.md).
 */

import { readFile } from 'node:fs/promises';
import { type ServiceProcess, type TestPerson, until } from '@parley/testkit';
import { InboxRig } from './inbox-rig.js';
import { RealtimeClient } from './realtime-client.js';
import { request } from './rest-client.js';
import { RoomClient } from './room-client.js';

let rig: InboxRig;
let http: string;
let owners: readonly ServiceProcess[];

beforeAll(async () => {
  rig = await InboxRig.start({ chatServers: 2 });
  await rig.trio.startUserService();
  ({ http } = await rig.trio.startGateway());
  owners = rig.trio.chatServers;
});
afterAll(() => rig?.stop());

const open = (person: TestPerson) => RealtimeClient.open(http, person);

/** Makes users, and a group with all of them. */
async function group(count: number): Promise<{ people: TestPerson[]; id: number }> {
  const people = await rig.people(count);
  const [owner, ...others] = people as [TestPerson, ...TestPerson[]];
  return { people, id: await rig.group(owner, others) };
}

/** Makes a group of two users who are connected. */
async function pair() {
  const { people, id } = await group(2);
  const [ann, bob] = people as [TestPerson, TestPerson];
  const [anns, bobs] = [await open(ann), await open(bob)];
  return { ann, bob, anns, bobs, id };
}

/** Acknowledges every batch of a room until no other follows. */
async function takeBatches(client: RealtimeClient, roomId: number): Promise<number[]> {
  const sizes: number[] = [];
  for (let isMore = true; isMore; ) {
    await client.find(({ type }) => type === 'missed_messages' && client.all(type).length > sizes.length);
    const { messages, more } = client.all('missed_messages')[sizes.length] ?? { messages: [], more: false };
    sizes.push(messages.length);
    isMore = more;
    await client.ok('delivered', { room_id: roomId, message_id: messages.at(-1)?.message_id });
  }
  return sizes;
}

describe('logging in', () => {
  test('2, 16, 25, 46. the token of an account, in the first frame, a header or a subprotocol, or in a message', async () => {
    const { people, id } = await group(2);
    const [ann, bob] = people as [TestPerson, TestPerson];
    const client = await RealtimeClient.connect(http);
    const text = { room_id: id, content: 'hello' };
    expect((await client.ask('chat_message', text)).payload.reason).toBe('unauthenticated');
    expect((await client.ask('chat_message', { ...text, auth_token: ann.token })).type).toBe('message_sent');
    expect(client.all('welcome')).toMatchObject([{ user_id: ann.id, username: ann.id }]);
    expect((await client.ask('auth', { auth_token: bob.token })).payload.reason).toBe('invalid-token');
    expect((await client.ask('chat_message', { ...text, auth_token: 'x' })).payload.reason).toBe('invalid-token');
    expect((await client.ask('auth', { auth_token: ann.token })).type).toBe('ok');
    for (const [protocols, headers] of [
      [[], { authorization: `Bearer ${bob.token}` }],
      [['parley.realtime', `bearer.${bob.token}`], {}],
    ] as const) {
      const other = new RoomClient(`${http}/realtime`, protocols, headers);
      expect(JSON.parse(await other.next())).toMatchObject({ type: 'welcome', payload: { user_id: bob.id } });
      expect(other.ws.protocol).toBe(protocols[0] ?? '');
      await other.close();
    }
  });

  test('a wrong token, a token in the URL and a foreign page are refused, and a plain request learns what the path is', async () => {
    const client = await RealtimeClient.connect(http);
    expect((await client.ask('auth', { auth_token: 'x' })).payload.reason).toBe('invalid-token');
    expect(await client.room.ended).toBe(4_401);
    expect((await RoomClient.refused(`${http}/realtime?token=x`)).status).toBe(400);
    expect((await RoomClient.refused(`${http}/realtime`, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await fetch(`${http}/realtime`)).status).toBe(426);
  });
});

test('1, 3, 4, 24, 26, 27, 28, 32, 34, 35. a message gets an id, and reaches the other members and devices at once', async () => {
  const [ann, bob, cy] = (await rig.people(3)) as [TestPerson, TestPerson, TestPerson];
  const [anns, anns2, bobs, cys] = await Promise.all([open(ann), open(ann), open(bob), open(cy)]);
  const direct = (await anns.ok('direct_room', { user_id: bob.id })).room_id;
  const { room_id: id } = await anns.ok('create_room', { name: 'team', description: 'all of us' });
  await anns.ok('add_members', { room_id: id, user_ids: [bob.id] });
  await bobs.find(({ type, payload }) => type === 'room_added' && payload.room_id === id);
  for (const room of [direct, id]) {
    const sent = await anns.ok('chat_message', { room_id: room, content: 'grüße', client_id: `first in ${room}` });
    expect(sent).toMatchObject({ room_id: room, client_id: `first in ${room}` });
    for (const client of [bobs, anns2]) {
      const { payload } = await client.find(
        ({ type, payload: { room_id } }) => type === 'chat_message' && room_id === room,
      );
      expect(payload).toMatchObject({
        ...{ room_id: room, message_id: sent.message_id, sender_id: ann.id, content: 'grüße' },
        ...{ messagetype: 'text', content_type: 'text/plain' },
      });
    }
  }
  expect((await cys.ask('chat_message', { room_id: id, content: 'x' })).payload.reason).toBe('channel-not-found');
  await bobs.ok('chat_message', { room_id: id, content: 'answer' });
  await anns.find(({ payload }) => payload.content === 'answer');
  expect(anns.all('chat_message').map(({ content }) => content)).toEqual(['answer']);
  expect(cys.all('chat_message')).toEqual([]);
});

test('6, 20, 29, 31, 36, 48, 49. a message is sent, then delivered when a client acknowledges it, then read', async () => {
  const { bob, anns, bobs, id } = await pair();
  const message = { room_id: id, message_id: await anns.say(id, 'hello') };
  await bobs.find(({ type }) => type === 'chat_message');
  const status = async () => (await anns.ok('message_status', message)).statuses;
  expect(await status()).toMatchObject([{ user_id: bob.id, status: 'sent' }]);
  for (const kind of ['delivered', 'read']) {
    await bobs.ok(kind, message);
    await anns.find(({ type, payload }) => type === kind && payload.user_id === bob.id);
    expect(anns.all(kind)).toEqual([{ ...message, user_id: bob.id }]);
    expect(await status()).toMatchObject([
      { message_id: message.message_id, status: kind, updated_at: expect.any(String) },
    ]);
  }
});

test('5, 30, 37, 38, 39, 43, 47, 50. messages from over the kill of a chat server are missed, stored once, and delivered in batches', async () => {
  const { ann, bob, anns, bobs, id } = await pair();
  const first = await anns.say(id, 'seen');
  await bobs.find(({ type }) => type === 'chat_message');
  await bobs.ok('delivered', { room_id: id, message_id: first });
  await anns.find(({ type }) => type === 'delivered');
  await bobs.close();
  const count = 120;
  const texts = Array.from({ length: count }, (_, n) => `missed ${n}`);
  for (const [n, text] of texts.entries()) {
    if (n === count / 2) {
      const [{ instance_id: owner }] = (await rig.sql(
        'SELECT instance_id FROM chat.channel_head WHERE channel_id = $1',
        [id],
      )) as [{ instance_id: string }];
      for (const server of owners) if ((await rig.trio.identityOf(server)).instanceId === owner) server.kill('SIGKILL');
    }
    await anns.say(id, text);
  }
  const back = await open(bob);
  await back.find(({ type }) => type === 'missed_messages');
  await anns.say(id, 'live');
  const again = await open(bob); // Nothing is acknowledged, so all of it comes again.
  expect(await takeBatches(back, id)).toEqual([100, count - 100 + 1]);
  expect(back.texts(id)).toEqual([...texts, 'live']);
  await again.find(({ type }) => type === 'missed_messages');
  expect(again.texts(id).slice(0, 100)).toEqual(texts.slice(0, 100));
  await anns.say(id, 'last');
  await back.find(({ type, payload }) => type === 'chat_message' && payload.content === 'last');
  expect((await open(ann)).all('missed_messages')).toEqual([]);
});

test('33, 40. a member who was removed while away gets everything up to the removal, until it is acknowledged', async () => {
  const { bob, anns, bobs, id } = await pair();
  await bobs.close();
  for (const text of ['one', 'two']) await anns.say(id, text);
  await anns.ok('remove_member', { room_id: id, user_id: bob.id });
  await anns.say(id, 'after');
  const back = await open(bob);
  expect(await takeBatches(back, id)).toEqual([2]);
  expect(back.texts(id)).toEqual(['one', 'two']);
  expect((await back.ask('chat_message', { room_id: id, content: 'x' })).payload.reason).toMatch(
    /^(removed|channel-not-found)$/,
  );
  const later = await open(bob);
  await later.ok('rooms');
  expect(later.all('missed_messages')).toEqual([]);
});

test('12, 41, 42, 43, 44, 45. history in batches of 50 to 100, backwards and forwards, from before joining, for members', async () => {
  const [ann, bob, cy] = (await rig.people(3)) as [TestPerson, TestPerson, TestPerson];
  const id = await rig.group(ann, []);
  const anns = await open(ann);
  for (let n = 1; n <= 105; n++) await anns.say(id, `m${n}`);
  await anns.ok('add_members', { room_id: id, user_ids: [bob.id] });
  const [bobs, cys] = [await open(bob), await open(cy)];
  const texts = async (fields: object) => {
    const { messages, more, next } = await bobs.ok('history', { room_id: id, ...fields });
    return { list: messages.map(({ content }) => content), more, next };
  };
  const newest = await texts({});
  expect([newest.list.length, newest.list.at(-1), newest.more]).toEqual([49, 'm105', true]); // and one entry of the join
  const older = await texts({ before: newest.next, limit: 100 });
  expect([older.list.at(0), older.list.at(-1), older.more]).toEqual(['m1', 'm56', false]);
  const forward = await texts({ after: 0, limit: 60 });
  expect([forward.list.at(0), forward.list.at(-1), forward.more]).toEqual(['m1', 'm60', true]);
  expect((await texts({ after: forward.next })).list.at(0)).toBe('m61');
  expect((await bobs.ask('history', { room_id: id, limit: 101 })).payload.reason).toBe('invalid-request');
  expect((await cys.ask('history', { room_id: id })).payload.reason).toBe('channel-not-found');
  expect(bobs.all('missed_messages')).toEqual([]); // History from before joining is not missed.
});

test('8, 19. messages of every type: text, media as base64, and files', async () => {
  const { ann, anns, bobs, id } = await pair();
  const form = new FormData();
  form.append('file', new Blob(['a voice']), 'voice.ogg');
  const authorization = `Bearer ${ann.token}`;
  const uploaded = await fetch(`${http}/api/v1/files`, { method: 'POST', headers: { authorization }, body: form });
  const { files } = (await uploaded.json()) as { files: { id: string }[] };
  const ids = files.map((file) => file.id);
  const pixel = Buffer.from([1, 2, 255]).toString('base64');
  for (const fields of [
    { content: '<b>', content_type: 'text/html' },
    { content: pixel, content_type: 'image/png' },
    { content: pixel, content_type: 'video/mp4' },
    { content: 'listen', file_ids: ids },
    { file_ids: ids },
  ])
    await anns.ok('chat_message', { room_id: id, ...fields });
  await until(() => bobs.all('chat_message').length === 5);
  const shown = { room_id: id, sender_id: ann.id, timestamp: expect.any(String), message_id: expect.any(Number) };
  expect(bobs.all('chat_message')).toMatchObject([
    { ...shown, messagetype: 'text', content: '<b>', content_type: 'text/html' },
    { ...shown, messagetype: 'image', content: pixel, content_type: 'image/png' },
    { ...shown, messagetype: 'video', content: pixel, content_type: 'video/mp4' },
    { ...shown, messagetype: 'text', content: 'listen', file_ids: ids },
    { ...shown, messagetype: 'file', content: '', file_ids: ids },
  ]);
});

test('9, 10, 21, 22, 23. rooms, roles and invite links', async () => {
  const [ann, bob, cy] = (await rig.people(3)) as [TestPerson, TestPerson, TestPerson];
  const [anns, bobs, cys] = await Promise.all([open(ann), open(bob), open(cy)]);
  const room = await anns.ok('create_room', { name: 'club', description: 'ours' });
  expect(room).toMatchObject({
    ...{ name: 'club', description: 'ours', icon: null, created_by_user_id: ann.id, role: 'owner' },
    created_at: expect.stringMatching(/^20\d\d-/),
  });
  const { room_id: id } = room;
  const invite = await anns.ok('create_invite', { room_id: id, max_uses: 1 });
  expect(invite).toMatchObject({ room_id: id, use_count: 0, expired: false, created_at: expect.any(String) });
  const { link_id: link } = invite;
  expect(await bobs.ok('join', { link_id: link })).toMatchObject({ room_id: id, role: 'member' });
  expect((await cys.ask('join', { link_id: link })).payload.reason).toBe('invite-not-found');
  expect((await anns.ok('invites', { room_id: id })).invites).toMatchObject([
    { link_id: link, use_count: 1, expired: true },
  ]);
  expect((await bobs.ask('create_invite', { room_id: id })).payload.reason).toBe('not-channel-admin');
  expect(await anns.ok('set_role', { room_id: id, user_id: bob.id, role: 'admin' })).toMatchObject({ role: 'admin' });
  await bobs.ok('add_members', { room_id: id, user_ids: [cy.id] });
  await anns.find(({ type, payload }) => type === 'member_joined' && payload.user_id === cy.id);
  expect((await anns.ok('members', { room_id: id })).members.map((one) => [one.user_id, one.role])).toEqual([
    [ann.id, 'owner'],
    [bob.id, 'admin'],
    [cy.id, 'member'],
  ]);
  await cys.ok('leave', { room_id: id });
  await anns.find(({ type, payload }) => type === 'member_left' && payload.user_id === cy.id);
  await anns.ok('update_room', { room_id: id, name: 'clubs' });
  await bobs.find(({ type }) => type === 'room_changed');
  expect((await bobs.ok('rooms')).rooms).toMatchObject([{ room_id: id, name: 'clubs', unread: 0 }]);
  await anns.ok('delete_room', { room_id: id });
  await bobs.find(({ type, payload }) => type === 'room_removed' && payload.room_id === id);
});

test('7, 11, 17, 18. notifications, and profiles as far as their owners allow', async () => {
  const { ann, bob, anns, bobs, id } = await pair();
  const seq = await anns.ok('chat_message', { room_id: id, content: '@you', mentions: [bob.id] });
  const unread = async () => (await bobs.ok('notifications', { unread_only: true })).notifications;
  const isMention = ({ message_id: id }: { message_id: number }) => id === seq.message_id;
  await until(async () => (await unread()).some(isMention));
  const [mention] = (await unread()).filter(isMention);
  expect(mention).toMatchObject({ kind: 'mention', room_id: id, user_id: ann.id, read: false });
  await bobs.ok('read_notifications', { up_to: mention?.notification_id });
  expect(await unread()).toEqual([]);
  const me = { token: bob.token, json: { about: 'secret', visibility: 'nobody' } };
  expect(await anns.ok('profile', { user_id: bob.id })).toMatchObject({ user_id: bob.id, username: bob.id });
  await until(async () => (await request(`${http}/api/v1/me`, 'PATCH', me)).status === 200);
  expect(await bobs.ok('profile')).toMatchObject({
    user_id: bob.id,
    username: bob.id,
    role: 'user',
    status: 'active',
    about: 'secret',
  });
  expect((await anns.ask('profile', { user_id: bob.id })).payload.reason).toBe('user-not-found');
});

test('54. typing and online indicators, and edits, deletions and reactions', async () => {
  const { ann, bob, anns, bobs, id } = await pair();
  await anns.say(id, 'hello'); // Presence and typing need a chat server that has the room.
  await bobs.find(({ type }) => type === 'chat_message');
  await until(async () => {
    await anns.ok('typing', { room_id: id }); // What comes before the gateway follows the room is not shown later.
    return bobs.all('typing').length > 0;
  });
  expect(bobs.all('typing')[0]).toEqual({ room_id: id, user_id: ann.id, stopped: false });
  await anns.find(({ type, payload }) => type === 'presence' && payload.online.includes(bob.id));
  const message = { room_id: id, message_id: await anns.say(id, 'tset') };
  await bobs.find(({ payload }) => payload.content === 'tset');
  await anns.ok('edit_message', { ...message, content: 'test' });
  await bobs.ok('react', { ...message, emoji: '👍' });
  await anns.find(({ type }) => type === 'reaction');
  await anns.ok('delete_message', message);
  await bobs.find(({ type }) => type === 'message_deleted');
  const changes = bobs.events.filter(({ type }) => type.startsWith('message_'));
  expect(changes).toMatchObject([
    { type: 'message_edited', payload: { ...message, user_id: ann.id, content: 'test' } },
    { type: 'message_deleted', payload: message },
  ]);
  expect(anns.all('reaction')).toMatchObject([{ ...message, user_id: bob.id, emoji: '👍', removed: false }]);
  expect(anns.all('message_edited')).toEqual([]);
});

test('a frame beyond the limit closes the socket, and a flood is slowed down and answered', async () => {
  const [ann] = (await rig.people(1)) as [TestPerson];
  const client = await open(ann);
  const count = 130;
  for (let n = 0; n < count; n++) client.send('dance', {}, `flood ${n}`);
  await client.find(({ ref }) => ref === `flood ${count - 1}`);
  expect(client.events.filter(({ ref }) => String(ref).startsWith('flood'))).toHaveLength(count);
  client.room.ws.send('x'.repeat(200_000));
  expect(await client.room.ended).toBe(1_009);
});

test('docs/doors.md names each numbered line of the document', async () => {
  const page = await readFile(new URL('../../../../docs/doors.md', import.meta.url), 'utf8');
  const [, part = ''] = page.split('### Requirements of document 004');
  const named = [...part.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, numbers = '']) => numbers.split(', ').map(Number));
  expect(named.sort((a, b) => a - b)).toEqual(Array.from({ length: 54 }, (_, n) => n + 1));
});
