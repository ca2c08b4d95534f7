/**
 * Document 002, a chat server with rooms over WebSocket: every frame in the document, byte for
 * byte. Each test is named after a numbered line of the requirements of the document
 * (docs/doors.md).
 */

import { readFile } from 'node:fs/promises';
import { ChannelKind } from '@parley/contract';
import { type ServiceProcess, type TestPerson, Trio, until } from '@parley/testkit';
import { request } from './rest-client.js';
import { RoomClient } from './room-client.js';
import { SocketProbe } from './socket-probe.js';

let trio: Trio;
let gateway: ServiceProcess;
let rooms = 0;

/** A client of the document, and the id that the server gave it. */
interface User {
  readonly client: RoomClient;
  readonly id: string;
}

beforeAll(async () => {
  trio = await Trio.start();
  gateway = await trio.startGateway({ PARLEY_GUESTS: 'on' });
});
afterAll(() => trio?.stop());

async function connect(path = '/chatserver/connect', { http } = gateway): Promise<User> {
  const client = await RoomClient.open(`${http}${path}`);
  return { client, id: JSON.parse(await client.next()).user_id };
}

const newRoom = () => `room ${++rooms}`;
const join = ({ client }: User, room: string) => client.ask({ action: 'join', room });
const joined = (room: string) => `{"action":"join","room":"${room}"}`;
const failed = (message: string) => JSON.stringify({ action: 'error', message });
const participantsOf = async ({ client }: User, room: string) =>
  JSON.parse(await client.ask({ action: 'participants', room })).participants;

/** Connects users, and lets them join a new room one after the other. */
async function inRoom(count: number): Promise<{ readonly room: string; readonly users: User[] }> {
  const room = newRoom();
  const users: User[] = [];
  for (let n = 0; n < count; n++) {
    const user = await connect();
    expect(await join(user, room)).toBe(joined(room));
    for (const other of users)
      expect(await other.client.next()).toBe(`{"action":"join","user_id":"${user.id}","room":"${room}"}`);
    users.push(user);
  }
  return { room, users };
}

const [first, second] = [0, 1] as const;
const at = (users: readonly User[], n: number) => users[n] as User;

describe('the first users of a server', () => {
  test('1, 11, 13, 14, 29. a client connects by itself, with an empty request, and gets the next id from 0 on', async () => {
    for (const [n, path] of ['/chatserver/connect', '/chatserver'].entries()) {
      const client = await RoomClient.open(`${gateway.http}${path}`);
      expect(await client.next()).toBe(`{"action":"connection","user_id":"${n}"}`);
      if (n === 1) await client.close();
    }
  });

  test('22. rooms lists all rooms, and is empty without any', async () => {
    const { client } = await connect();
    expect(await client.ask({ action: 'rooms' })).toBe('{"action":"rooms","rooms":[]}');
    const other = await connect();
    await client.ask({ action: 'join', room: '0' });
    await join(other, '1');
    expect(await client.ask({ action: 'rooms' })).toBe('{"action":"rooms","rooms":["0","1"]}');
  });
});

test('2, 15. join enters a room, creates it with that single user, and leaves the room before', async () => {
  const { room, users } = await inRoom(2);
  const [stays, goes] = [at(users, first), at(users, second)];
  const other = newRoom();
  expect(await join(goes, other)).toBe(joined(other));
  expect(await stays.client.next()).toBe(`{"action":"leave","user_id":"${goes.id}","room":"${room}"}`);
  expect([await participantsOf(stays, room), await participantsOf(stays, other)]).toEqual([[stays.id], [goes.id]]);
  expect(await join(goes, other)).toBe(joined(other)); // The room in which it is already.
  expect(await join(goes, room)).toBe(joined(room));
  expect(await goes.client.ask({ action: 'participants', room: other })).toBe(failed(`room ${other} does not exist`));
});

test('3, 16, 17. leave answers with the room, or says that the user was not in one', async () => {
  const { room, users } = await inRoom(1);
  const { client } = at(users, first);
  expect(await client.ask({ action: 'leave' })).toBe(`{"action":"leave","room":"${room}"}`);
  expect(await client.ask({ action: 'leave' })).toBe('{"action":"error","message":"user was not in a room"}');
});

test('4, 18, 19. private_message is echoed, reaches the user, and fails if the user is not there', async () => {
  const [one, other] = [await connect(), await connect()];
  const said = await one.client.ask({ action: 'private_message', user_id: other.id, message: 'Hello!' });
  expect(said).toBe(`{"action":"private_message","user_id":"${other.id}","message":"Hello!"}`);
  expect(await other.client.next()).toBe(`{"action":"private_message","user_id":"${one.id}","message":"Hello!"}`);
  for (const id of ['4711', '@nobody', '@', 'x y'])
    expect(await one.client.ask({ action: 'private_message', user_id: id, message: 'Hello!' })).toBe(
      failed(`user ${id} is not on the server`),
    );
  await other.client.close();
  await until(async () => {
    const frame = await one.client.ask({ action: 'private_message', user_id: other.id, message: 'Hello!' });
    return frame === failed(`user ${other.id} is not on the server`);
  });
});

test('a message to oneself is echoed and delivered', async () => {
  const { client, id } = await connect();
  const frame = `{"action":"private_message","user_id":"${id}","message":"note"}`;
  expect([await client.ask(frame), await client.next()]).toEqual([frame, frame]);
});

test('5, 20, 21, 28. room_message is echoed with the room, and all others see it, with its sender', async () => {
  const { room, users } = await inRoom(3);
  const [one, ...others] = users as [User, ...User[]];
  const said = await one.client.ask({ action: 'room_message', message: 'Hello!' });
  expect(said).toBe(`{"action":"room_message","room":"${room}","message":"Hello!"}`);
  const seen = `{"action":"room_message","user_id":"${one.id}","room":"${room}","message":"Hello!"}`;
  for (const { client } of others) expect(await client.next()).toBe(seen);
  const outside = await connect();
  expect(await outside.client.ask({ action: 'room_message', message: 'Hello!' })).toBe(
    '{"action":"error","message":"user is not in a room"}',
  );
});

test('6. rooms of all doors are in the list', async () => {
  const { room, users } = await inRoom(1);
  const { rooms: listed } = JSON.parse(await at(users, first).client.ask({ action: 'rooms' }));
  expect(listed).toContain(room);
});

test('7, 23, 24. participants lists all users of a room, and fails for a room that does not exist', async () => {
  const { room, users } = await inRoom(2);
  const { client } = at(users, first);
  const ids = users.map(({ id }) => id);
  expect(await client.ask({ action: 'participants', room })).toBe(
    JSON.stringify({ action: 'participants', room, participants: ids }),
  );
  expect(await client.ask({ action: 'participants', room: 'nowhere' })).toBe(
    '{"action":"error","message":"room nowhere does not exist"}',
  );
});

test.each([
  ['closes', (client: RoomClient) => client.close()],
  ['is torn', async (client: RoomClient) => client.ws.terminate()],
] as const)('8, 9, 27. the others learn when a socket %s, and the guest is gone with it', async (_, end) => {
  const { room, users } = await inRoom(2);
  const [stays, goes] = [at(users, first), at(users, second)];
  await end(goes.client);
  expect(await stays.client.next()).toBe(`{"action":"leave","user_id":"${goes.id}","room":"${room}"}`);
  expect(await participantsOf(stays, room)).toEqual([stays.id]);
  const guest = 'SELECT FROM chat.guest WHERE name = $1';
  await until(async () => (await trio.people.sql(guest, [goes.id])).length === 0);
  const account = 'SELECT status FROM chat.users WHERE id LIKE $1';
  expect(await trio.people.sql(account, [`guest.${goes.id}.%`])).toEqual([{ status: 'deleted' }]);
});

test('10, 25, 26. one envelope of strings, whose fields have this order; optional fields may be empty or null', async () => {
  const { client, id } = await connect();
  const room = newRoom();
  const whole = { action: 'join', user_id: '', room, message: '', rooms: null, participants: [] };
  expect(await client.ask(whole)).toBe(joined(room));
  for (const { action, ...fields } of [{ action: 'rooms' }, { action: 'participants', room }]) {
    const answer = JSON.parse(await client.ask({ action, ...fields }));
    const known = ['action', 'user_id', 'room', 'message', 'rooms', 'participants'];
    expect(Object.keys(answer)).toEqual(known.filter((field) => field in answer));
  }
  expect(id).toMatch(/^\d+$/);
});

test('12. frames that are sent at once are answered in order, and users who join one room at once are in one', async () => {
  const room = newRoom();
  const users = await Promise.all(Array.from({ length: 8 }, () => connect()));
  expect(await Promise.all(users.map((user) => join(user, room)))).toEqual(users.map(() => joined(room)));
  const alone = await connect();
  expect(await participantsOf(alone, room)).toEqual(users.map(({ id }) => id).sort((a, b) => Number(a) - Number(b)));
  for (const frame of [
    { action: 'join', room: newRoom() },
    { action: 'room_message', message: 'a' },
    { action: 'leave' },
  ])
    alone.client.send(frame);
  const actions = [await alone.client.next(), await alone.client.next(), await alone.client.next()];
  expect(actions.map((frame) => JSON.parse(frame).action)).toEqual(['join', 'room_message', 'leave']);
});

describe('the limitations that the document names', () => {
  let ann: TestPerson;
  beforeAll(async () => {
    ann = await trio.people.make('ann');
  });

  test('30. a room with an account in it stays, with its messages, when its guests leave', async () => {
    const { room, users } = await inRoom(1);
    const { client } = at(users, first);
    await client.ask({ action: 'room_message', message: 'kept' });
    const [{ id } = { id: 0 }] = await trio.people.sql('SELECT id FROM chat.channel WHERE name = $1', [room]);
    await trio.changeMember(ann, { channelId: Number(id), userId: 'ann', add: true });
    expect(await client.next()).toBe(`{"action":"join","user_id":"@ann","room":"${room}"}`);
    expect(await client.ask({ action: 'participants', room })).toContain('"@ann"');
    expect(await client.ask({ action: 'leave' })).toBe(`{"action":"leave","room":"${room}"}`);
    const { json } = await request(`${gateway.http}/api/v1/channels/${id}/messages`, 'GET', { token: ann.token });
    expect(json.messages.map(({ text }: { text: string }) => text)).toContain('kept');
    const channels = (await trio.overview(ann)).chats.map(({ channel }) => channel);
    expect(channels).toContainEqual(expect.objectContaining({ id, ownerId: 'ann', kind: ChannelKind.PUBLIC }));
  });

  test('31. users of two gateways share ids and rooms', async () => {
    const other = await trio.startGateway({ PARLEY_GUESTS: 'on' });
    const { room, users } = await inRoom(1);
    const here = at(users, first);
    const there = await connect('/chatserver', other);
    expect(Number(there.id)).toBeGreaterThan(Number(here.id));
    await join(there, room);
    expect(await here.client.next()).toBe(`{"action":"join","user_id":"${there.id}","room":"${room}"}`);
    await there.client.ask({ action: 'private_message', user_id: here.id, message: 'hi' });
    expect(await here.client.next()).toBe(`{"action":"private_message","user_id":"${there.id}","message":"hi"}`);
    other.kill('SIGKILL');
    const ended = `WITH its AS (UPDATE chat.guest SET opened_at = now() - interval '1 minute' WHERE name = $1 RETURNING instance_id)
      UPDATE chat.gateway g SET lease_until = now() FROM its WHERE g.instance_id = its.instance_id`;
    await trio.people.sql(ended, [there.id]); // As if the lease of the gateway had passed.
    expect(await here.client.next()).toBe(`{"action":"leave","user_id":"${there.id}","room":"${room}"}`);
  });

  test('32. nobody can speak as somebody else, and no guest has the name of an account', async () => {
    const { room, users } = await inRoom(2);
    const [liar, other] = [at(users, first), at(users, second)];
    await liar.client.ask({ action: 'room_message', user_id: other.id, message: 'it is I' });
    expect(await other.client.next()).toBe(
      `{"action":"room_message","user_id":"${liar.id}","room":"${room}","message":"it is I"}`,
    );
    const next =
      Math.max(...(await trio.people.sql('SELECT name FROM chat.guest')).map(({ name }) => Number(name))) + 1;
    await trio.people.make(String(next));
    expect((await connect()).id).toBe(String(next + 1));
  });

  test('messages of a guest and of an account reach each other, whatever the door', async () => {
    const { room, users } = await inRoom(1);
    const { client, id } = at(users, first);
    const [{ id: channel } = { id: 0 }] = await trio.people.sql('SELECT id FROM chat.channel WHERE name = $1', [room]);
    const channelId = Number(channel);
    await trio.changeMember(ann, { channelId, userId: 'ann', add: true });
    await client.next();
    const probe = await SocketProbe.watch(gateway.http, ann, 'parley.v1.json');
    await client.ask({ action: 'room_message', message: 'from a guest' });
    const { message } = await probe.find(({ message: one }) => one?.channelId === channelId && one.kind === 0);
    expect([Buffer.from(message?.data ?? []).toString(), message?.sender.split('.').slice(0, 2)]).toEqual([
      'from a guest',
      ['guest', id],
    ]);
    const data = Buffer.from('from an account');
    probe.command({ post: { channelId, data, contentType: 'text/plain', clientId: crypto.randomUUID() } });
    expect(await client.next()).toBe(
      `{"action":"room_message","user_id":"@ann","room":"${room}","message":"from an account"}`,
    );
    await probe.cut();
  });
});

describe('bad input gets an error in the form of the document, and the socket stays open', () => {
  let user: User;
  beforeAll(async () => {
    user = await connect();
  });

  test.each([
    ['no JSON', 'hello', 'the message is not JSON'],
    ['an array', '[]', 'the message is not a JSON object'],
    ['null', 'null', 'the message is not a JSON object'],
    ['no action', '{}', 'action is missing'],
    ['a number as an action', '{"action":1}', 'action is not a string'],
    ['an unknown action', '{"action":"dance"}', 'unknown action "dance"'],
    ['an action of the server', '{"action":"connection"}', 'unknown action "connection"'],
    ['a field twice', '{"action":"join","room":"a","room":"b"}', 'a field is there twice'],
    ['a field twice, escaped', '{"action":"join","room":"a","\\u0072oom":"b"}', 'a field is there twice'],
    ['join without a room', '{"action":"join"}', 'room is missing'],
    ['a number as a room', '{"action":"join","room":0}', 'room is not a string'],
    ['an object as a room', '{"action":"join","room":{"name":"a"}}', 'room has the wrong type'],
    ['a number as a user', '{"action":"private_message","user_id":1,"message":"x"}', 'user_id is not a string'],
    ['a message without text', '{"action":"private_message","user_id":"1"}', 'message is missing'],
    ['a room of spaces', '{"action":"join","room":"  "}', 'A name needs a visible character.'],
  ])('%s', async (_, frame, message) => {
    expect(await user.client.ask(frame)).toBe(failed(message));
  });

  test('a binary frame gets an error, and the socket stays open', async () => {
    user.client.ws.send(Buffer.from('{"action":"rooms"}'));
    expect(await user.client.next()).toBe(failed('send text frames, not binary ones'));
  });

  test('a room name that is long or has invisible characters gets an error', async () => {
    expect(await user.client.ask({ action: 'join', room: 'x'.repeat(65) })).toContain('at most 64 characters');
    expect(await user.client.ask({ action: 'join', room: 'a\u202eb' })).toContain('invisible character U+202E');
  });

  test('a message without visible text, and one that is too large, get an error', async () => {
    await join(user, newRoom());
    expect(await user.client.ask({ action: 'room_message', message: '\u200b' })).toBe(
      failed('The message has no visible text. Write something, then send it.'),
    );
    expect(await user.client.ask({ action: 'room_message', message: 'x'.repeat(70_000) })).toBe(
      failed('The message is larger than this server accepts. Send a smaller one.'),
    );
  });

  test('a flood is slowed down, and every frame is answered', async () => {
    const count = 150;
    for (let n = 0; n < count; n++) user.client.send({ action: 'dance' });
    for (let n = 0; n < count; n++) expect(await user.client.next()).toBe(failed('unknown action "dance"'));
  });

  test('a frame beyond the limit closes the socket with 1009, and its room is empty', async () => {
    const { room, users } = await inRoom(2);
    const [stays, goes] = [at(users, first), at(users, second)];
    goes.client.ws.send('x'.repeat(200_000));
    expect(await goes.client.ended).toBe(1_009);
    expect(await stays.client.next()).toBe(`{"action":"leave","user_id":"${goes.id}","room":"${room}"}`);
  });
});

test('guests are refused unless a setting lets them in, and pages of other origins always', async () => {
  const closed = await trio.startGateway();
  const refused = await RoomClient.refused(`${closed.http}/chatserver/connect`);
  expect(refused).toEqual({
    status: 403,
    text: 'This server does not let guests in. Set PARLEY_GUESTS=on for the gateway to change that.\n',
  });
  const foreign = await RoomClient.refused(`${gateway.http}/chatserver`, { origin: 'https://evil.example' });
  expect(foreign.status).toBe(403);
  expect(await (await fetch(`${gateway.http}/chatserver`)).text()).toBe('This path speaks WebSocket.\n');
});

test('docs/doors.md names each numbered line of the document', async () => {
  const page = await readFile(new URL('../../../../docs/doors.md', import.meta.url), 'utf8');
  const [, from = ''] = page.split('### Requirements of document 002');
  const [part = ''] = from.split('\n## ');
  const named = [...part.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, numbers = '']) => numbers.split(', ').map(Number));
  expect(named.sort((a, b) => a - b)).toEqual(Array.from({ length: 33 }, (_, n) => n + 1));
});
