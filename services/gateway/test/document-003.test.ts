/**
 * Document 003, "Simple Chat": its calls over HTTP, its WebSocket, and its page. Each test is named
 * after a numbered line of the requirements of the document (docs/doors.md).
 */
import { readFile } from 'node:fs/promises';
import { type ServiceProcess, type TestPerson, Trio, until } from '@parley/testkit';
import { RoomClient } from './room-client.js';

let trio: Trio;
let gateway: ServiceProcess;
let names = 0;

beforeAll(async () => {
  trio = await Trio.start();
  gateway = await trio.startGateway({ PARLEY_GUESTS: 'on', PARLEY_ORIGINS: 'http://localhost:8081' });
});
afterAll(() => trio?.stop());

interface Frame {
  readonly user: string;
  readonly room: string;
  readonly isNotification: boolean;
  readonly value: string;
  readonly serverTime: string;
}

/** A user of the document with an open socket. */
class Chatter003 {
  readonly name: string;
  readonly client: RoomClient;

  private constructor(name: string, client: RoomClient) {
    this.name = name;
    this.client = client;
  }

  static async logIn(name = `user${++names}`, { http } = gateway): Promise<Chatter003> {
    return new Chatter003(name, await RoomClient.open(`${http}/ws/${encodeURIComponent(name)}`));
  }

  say(room: string, value: string): void {
    this.client.send({ user: this.name, room, isNotification: false, value });
  }

  /** Returns the next message that is no notification. */
  async heard(): Promise<Frame> {
    return this.#next(({ isNotification }) => !isNotification);
  }

  /** Returns the next notification with this value, of this room if it is given. */
  async notified(value: string | RegExp, inRoom?: string): Promise<Frame> {
    return this.#next(
      (frame) => frame.isNotification && frame.value.match(value) !== null && frame.room === (inRoom ?? frame.room),
    );
  }

  async #next(matches: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const frame: Frame = JSON.parse(await this.client.next());
      if (matches(frame)) return frame;
    }
  }
}

async function call(method: string, path: string, { http } = gateway) {
  const response = await fetch(`${http}${path}`, { method });
  return { status: response.status, text: await response.text(), headers: response.headers };
}
const get = async (path: string) => JSON.parse((await call('GET', path)).text);
const join = (room: string, { name }: Chatter003, at = gateway) => call('POST', `/join-room/${room}/${name}`, at);
const create = (room: string, { name }: Chatter003) => call('POST', `/create-room/${room}/${name}`);
const newRoom = () => `room${++names}`;
const done = expect.objectContaining({ status: 200, text: '' });

/** Lets users log in and join a new room. */
async function inRoom(count: number) {
  const room = newRoom();
  const users = await Promise.all(Array.from({ length: count }, () => Chatter003.logIn()));
  const [creator, ...others] = users as [Chatter003, ...Chatter003[]];
  expect(await create(room, creator)).toEqual(done);
  for (const other of others) expect(await join(room, other)).toEqual(done);
  return { room, creator, others };
}

test('GET /rooms and GET /rooms/{user} respond as the server of the document does', async () => {
  expect((await call('GET', '/rooms')).text).toBe('[{"Name":"general","Creator":null}]');
  const { room, creator } = await inRoom(1);
  expect(await get('/rooms')).toEqual([
    { Name: 'general', Creator: null },
    { Name: room, Creator: { Name: creator.name } },
  ]);
  const general = { Room: { Name: 'general', Creator: null }, UserIsParticipant: false };
  expect(await get(`/rooms/${creator.name.toUpperCase()}`)).toEqual([
    general,
    { Room: { Name: room, Creator: { Name: creator.name } }, UserIsParticipant: true },
  ]);
  expect((await get('/rooms/nobody'))[1].UserIsParticipant).toBe(false);
});

test('1, 4, 10. messages go over the WebSocket, to all in the room and back to the sender, in one order', async () => {
  const { room, creator, others } = await inRoom(3);
  creator.say(room, 'one');
  await creator.heard();
  for (const [n, one] of others.entries()) one.say(room.toUpperCase(), `from ${n}`);
  const seen = await Promise.all(
    [creator, ...others].map(async (one) => {
      const frames = [await one.heard(), await one.heard()];
      return (one === creator ? frames : [...frames.slice(1), await one.heard()]).map(({ user, value }) => [
        user,
        value,
      ]);
    }),
  );
  expect(seen[0]?.length).toBe(2);
  for (const order of seen) expect(order).toEqual(seen[0]);
});

test('a message has its fields in their order', async () => {
  const { room, creator } = await inRoom(1);
  creator.say(room, 'hi');
  const frame = await creator.heard();
  const { serverTime, ...rest } = frame;
  expect(rest).toEqual({ user: creator.name, room, isNotification: false, value: 'hi' });
  expect(Object.keys(frame)).toEqual(['user', 'room', 'isNotification', 'value', 'serverTime']);
  expect(serverTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/);
});

test('2, 6. one user is in several rooms at the same time', async () => {
  const { room, creator, others } = await inRoom(2);
  const [other] = others as [Chatter003];
  const second = newRoom();
  await create(second, other);
  await join(second, creator);
  await join('general', creator);
  for (const name of [room, second, 'general']) {
    creator.say(name, `in ${name}`);
    expect(await creator.heard()).toMatchObject({ room: name, value: `in ${name}` });
  }
  expect(await other.heard()).toMatchObject({ room, value: `in ${room}` });
  expect(await other.heard()).toMatchObject({ room: second, value: `in ${second}` });
});

test('3. a user who has not joined a room cannot write in it', async () => {
  const { room, creator } = await inRoom(1);
  const outside = await Chatter003.logIn();
  outside.say(room, 'psst');
  expect(await outside.notified('error')).toMatchObject({ room, value: 'error: join the room before you write in it' });
  creator.say(room, 'alone');
  expect(await creator.heard()).toMatchObject({ value: 'alone' });
});

test('5, 7. rooms are created and joined by POST; all users learn of a new room, and others join it', async () => {
  const watcher = await Chatter003.logIn();
  const { room, creator } = await inRoom(2);
  const told = { user: creator.name, room, isNotification: true, value: 'create-room' };
  expect(await watcher.notified('create-room', room)).toMatchObject(told);
  expect(await creator.notified('create-room', room)).toMatchObject(told);
  expect(await join(room, creator)).toEqual(done);
  expect(await create(room.toUpperCase(), creator)).toMatchObject({
    status: 500,
    text: 'room with this name already exists\n',
  });
  expect(await create('general', creator)).toMatchObject({ status: 500, text: 'room with this name already exists\n' });
  expect(await join('nowhere', creator)).toMatchObject({ status: 500, text: 'no room with this name exists\n' });
  expect(await call('POST', `/join-room/${room}/nobody`)).toMatchObject({
    status: 500,
    text: 'no user registered under this name\n',
  });
});

test('8, 15. the page has login, logout, a list of rooms, a log, join, create and a message, and a strict policy', async () => {
  const page = await call('GET', '/simple');
  for (const id of ['login', 'logout', 'list', 'log', 'join', 'create', 'text'])
    expect(page.text).toContain(`id="${id}"`);
  expect(page.text).not.toMatch(/<script>|\son\w+=|style=/);
  const policy = page.headers.get('content-security-policy');
  expect(policy).toContain("default-src 'none'; script-src 'self'");
  expect(policy).not.toContain('unsafe');
  const script = await call('GET', '/simple/simple.js');
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(script.text).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|eval\(/);
});

test('9, 14. GET /ws/{user} logs in; until the logout, nobody else logs in with the name, in upper or lower case', async () => {
  const user = await Chatter003.logIn();
  const again = { status: 403, text: 'user with this name already exists\n' };
  expect(await RoomClient.refused(`${gateway.http}/ws/${user.name.toUpperCase()}`)).toEqual(again);
  user.client.ws.close(1_000, 'user logout');
  await user.client.ended;
  await until(async () => {
    const outcome = await Chatter003.logIn(user.name).then(
      () => 'in',
      () => 'refused',
    );
    return outcome === 'in';
  });
});

test('11. a user whose socket ends leaves the rooms, and a user who does not read delays nobody', async () => {
  const { room, creator, others } = await inRoom(2);
  const [stuck] = others as [Chatter003];
  stuck.client.ws.pause();
  creator.say(room, 'x'.repeat(10_000));
  expect((await creator.heard()).value.length).toBe(10_000);
  stuck.client.ws.terminate();
  await until(async () =>
    (await get(`/rooms/${stuck.name}`)).every(({ UserIsParticipant }: never) => !UserIsParticipant),
  );
});

test('12, 13. messages are kept, the oldest first, with the notification of the creation', async () => {
  const { room, creator } = await inRoom(1);
  for (const value of ['one', 'two']) {
    creator.say(room, value);
    await creator.heard();
  }
  const messages = await get(`/room/${room.toUpperCase()}/messages`);
  expect(messages.map(({ value, isNotification }: Frame) => [value, isNotification])).toEqual([
    ['create-room', true],
    ['one', false],
    ['two', false],
  ]);
  expect(messages[2]).toMatchObject({ user: creator.name, room });
  expect(await get('/room/nowhere/messages')).toEqual([]);
});

test('19, 21, 22. a room and its messages are rows in PostgreSQL, numbered without gaps, for a week and up to 10,000', async () => {
  const { room, creator } = await inRoom(2);
  for (const value of ['one', 'two', 'three']) creator.say(room, value);
  for (const value of ['one', 'two', 'three']) expect(await creator.heard()).toMatchObject({ value });
  const [channel] = await trio.people.sql(
    'SELECT id, retention_seconds AS seconds, retention_count AS most FROM chat.channel WHERE name = $1',
    [room],
  );
  expect(channel).toMatchObject({ seconds: 7 * 86_400, most: 10_000 });
  const entries = await trio.people.sql(
    "SELECT seq::int, convert_from(data, 'UTF8') AS text FROM chat.message WHERE channel_id = $1 AND kind = 0 ORDER BY seq",
    [channel?.id],
  );
  expect(entries.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
  const [head] = await trio.people.sql(
    'SELECT count(*)::int AS entries, max(seq)::int AS last FROM chat.message WHERE channel_id = $1',
    [channel?.id],
  );
  expect(head?.entries).toBe(head?.last);
});

test('24, 26. a burst of messages waits in order, and each arrives once', async () => {
  const { room, creator, others } = await inRoom(2);
  const values = Array.from({ length: 120 }, (_, n) => `m${n}`);
  for (const value of values) creator.say(room, value);
  for (const one of [creator, ...others])
    for (const value of values) expect(await one.heard()).toMatchObject({ user: creator.name, value });
});

test('25, 27. messages from before, during and after the kill of a chat server arrive once each and in order', async () => {
  const { room, creator, others } = await inRoom(2);
  const owner = trio.chatServers[0];
  creator.say(room, 'before');
  await creator.heard();
  owner?.kill('SIGKILL');
  creator.say(room, 'during');
  await trio.addChatServer();
  creator.say(room, 'after');
  const values = ['during', 'after'];
  for (const value of values) expect(await creator.heard()).toMatchObject({ value });
  const [other] = others as [Chatter003];
  for (const value of ['before', ...values]) expect(await other.heard()).toMatchObject({ value });
});

describe('names and accounts', () => {
  let ann: TestPerson;
  beforeAll(async () => {
    ann = await trio.people.make('ann-account');
  });

  test('17. no guest has the name of an account, or one that looks like it', async () => {
    const refused = { status: 403, text: 'user with this name already exists\n' };
    for (const name of ['ann-account', 'ANN-ACCOUNT', 'ánn-account'])
      expect(await RoomClient.refused(`${gateway.http}/ws/${encodeURIComponent(name)}`)).toEqual(refused);
    expect((await RoomClient.refused(`${gateway.http}/ws/@ann-account`)).status).toBe(400);
    expect((await RoomClient.refused(`${gateway.http}/ws/${'x'.repeat(33)}`)).status).toBe(400);
    expect((await RoomClient.refused(`${gateway.http}/ws/%ff`)).status).toBe(400);
  });

  test('17. no guest writes under another name, and users with an account are marked', async () => {
    const { room, creator, others } = await inRoom(2);
    const [other] = others as [Chatter003];
    creator.client.send({ user: other.name, room, isNotification: false, value: 'forged' });
    expect(await other.heard()).toMatchObject({ user: creator.name, value: 'forged' });
    const [{ id } = { id: 0 }] = await trio.people.sql('SELECT id FROM chat.channel WHERE name = $1', [room]);
    await trio.changeMember(ann, { channelId: Number(id), userId: ann.id, add: true });
    const stream = await trio.join(ann, Number(id));
    stream.send('from an account', { clientId: crypto.randomUUID(), contentType: 'text/plain' });
    await creator.heard();
    expect(await creator.heard()).toMatchObject({ user: '@ann-account', value: 'from an account' });
  });

  test('16. a name in any script has a stable user id at all other doors', async () => {
    const user = await Chatter003.logIn('李雷');
    const room = newRoom();
    await create(room, user).then(({ status }) => expect(status).toBe(200));
    user.say(room, '你好');
    expect(await user.heard()).toMatchObject({ user: '李雷', value: '你好' });
    const [account] = await trio.people.sql("SELECT name, role FROM chat.users WHERE name = '李雷 (guest)'");
    expect(account).toEqual({ name: '李雷 (guest)', role: 'guest' });
  });

  test('accepts calls for a guest only from the network of the guest', async () => {
    const behind = await trio.startGateway({ PARLEY_GUESTS: 'on', PARLEY_PROXIES: '127.0.0.0/8' });
    const { room, creator } = await inRoom(1);
    const foreign = (address: string) =>
      fetch(`${behind.http}/join-room/${room}/${creator.name}`, {
        method: 'POST',
        headers: { 'x-forwarded-for': address },
      });
    expect((await foreign('203.0.113.9')).status).toBe(403);
    expect((await foreign('127.0.0.1')).status).toBe(200); // At another gateway than the socket.
    expect((await foreign('::1')).status).toBe(200); // The same machine, over IPv6.
    expect((await foreign('2001:db8::1')).status).toBe(403);
  });
});

describe('bad input gets a notification or a line of text', () => {
  test.each([
    ['no JSON', 'hello', 'the message is not JSON'],
    ['no room', '{"user":"a","value":"x"}', 'room is missing'],
    ['a number as the value', '{"room":"general","value":1}', 'value is not a string'],
    ['a field twice', '{"room":"a","room":"b","value":"x"}', 'a field is there twice'],
    ['a message without text', '{"room":"general","value":""}', 'value is missing'],
  ])('%s', async (_, frame, why) => {
    const user = await Chatter003.logIn();
    user.client.send(frame);
    expect((await user.notified('error')).value).toBe(`error: ${why}`);
  });

  test('wrong methods, paths and origins are refused', async () => {
    expect(await call('GET', '/join-room/general/ann')).toMatchObject({ status: 405 });
    expect(await call('POST', '/create-room/a')).toMatchObject({ status: 404 });
    expect(await call('GET', '/room/general')).toMatchObject({ status: 404 });
    const { headers } = await fetch(`${gateway.http}/rooms`, { headers: { origin: 'http://localhost:8081' } });
    expect(headers.get('access-control-allow-origin')).toBe('http://localhost:8081');
    const foreign = await fetch(`${gateway.http}/rooms`, { headers: { origin: 'https://evil.example' } });
    expect(foreign.headers.get('access-control-allow-origin')).toBe(null);
    expect((await RoomClient.refused(`${gateway.http}/ws/eve`, { origin: 'https://evil.example' })).status).toBe(403);
  });

  test('a page of another port sends preflights and JSON bodies, reads refusals, and opens its socket', async () => {
    const { room, creator } = await inRoom(1);
    const origin = 'http://localhost:8081';
    const json = { origin, 'content-type': 'application/json' };
    for (const path of [`/join-room/${room}/${creator.name}`, '/join-room/nowhere/nobody']) {
      const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
      const preflight = await fetch(`${gateway.http}${path}`, { method: 'OPTIONS', headers: { origin, ...asked } });
      const allowed = ['origin', 'methods', 'headers'].map((name) =>
        preflight.headers.get(`access-control-allow-${name}`),
      );
      expect([preflight.status, ...allowed]).toEqual([
        ...[200, origin],
        ...[expect.stringContaining('POST'), expect.stringContaining('content-type')],
      ]);
      const sent = await fetch(`${gateway.http}${path}`, { method: 'POST', headers: json, body: '{}' });
      expect([path, sent.headers.get('access-control-allow-origin')]).toEqual([path, origin]);
    }
    const client = new RoomClient(`${gateway.http}/ws/page-${room}`, [], { origin });
    await until(() => client.ws.readyState === client.ws.OPEN);
    client.send({ user: 'x', room, isNotification: false, value: 'hi', serverTime: null });
    expect(JSON.parse(await client.next())).toMatchObject({ value: 'error: join the room before you write in it' });
    await client.close();
  });

  test('without PARLEY_GUESTS, all calls are refused', async () => {
    const closed = await trio.startGateway();
    for (const path of ['/rooms', '/rooms/ann', '/room/general/messages'])
      expect((await call('GET', path, closed)).status).toBe(403);
    expect((await call('POST', '/join-room/general/ann', closed)).status).toBe(403);
    expect((await RoomClient.refused(`${closed.http}/ws/ann`)).status).toBe(403);
  });
});

test('docs/doors.md names each numbered line of the document, and how each of its to-dos is met', async () => {
  const page = await readFile(new URL('../../../../docs/doors.md', import.meta.url), 'utf8');
  const [, from = ''] = page.split('### Requirements of document 003');
  const [part = ''] = from.split('\n## ');
  const named = [...part.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, numbers = '']) => numbers.split(', ').map(Number));
  expect(named.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
});
