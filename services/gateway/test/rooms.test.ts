import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import {
  AdminService,
  Channel,
  ChannelKind,
  ChannelService,
  KickRequest,
  Kind,
  Resume,
  Retention,
} from '@parley/contract';
import { callUnary } from '@parley/rpc';
import { type TestPerson, until, utf8 } from '@parley/testkit';
import { WebSocket } from 'ws';
import type { InboxClient } from './inbox-client.js';
import { InboxRig } from './inbox-rig.js';
import { RoomDevice } from './room-device.js';
import { SocketProbe } from './socket-probe.js';

let rig: InboxRig;
let ann: TestPerson;
let bob: TestPerson;
let inbox: InboxClient;
let device: RoomDevice;

beforeAll(async () => {
  rig = await InboxRig.start();
});
afterAll(() => rig.stop());
beforeEach(async () => {
  [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
  inbox = await rig.open(bob);
  device = new RoomDevice(inbox, rig.trio, bob);
});
afterEach(() => inbox.cut());

let names = 0;
async function room(limit = 5, fields: object = {}): Promise<number> {
  const { id } = await rig.trio.create(ann, `room ${++names}`, limit);
  if (Object.keys(fields).length > 0) await rig.trio.update(ann, { id, ...fields });
  return id;
}
const keepsEverything = { retention: Retention.fromPartial({ everything: true }) };
const keepsNothing = { retention: Retention.fromPartial({ nothing: true }) };
const seatsOf = async ({ id }: TestPerson) => (await rig.sql('SELECT FROM chat.seat WHERE user_id = $1', [id])).length;

describe.each(['gRPC', 'parley.v1', 'parley.v1.json'])('over %s', (door) => {
  let probe: SocketProbe | undefined;
  let guest: RoomDevice;

  beforeEach(async () => {
    probe = door === 'gRPC' ? undefined : await SocketProbe.watch(rig.gateway.http, bob, door);
    guest = new RoomDevice(probe ?? inbox, rig.trio, bob);
  });
  afterEach(() => probe?.cut());

  test.each([
    ['without history', keepsNothing],
    ['with history', keepsEverything],
  ])('a user enters a room %s, reads and posts there, and leaves it', async (_, fields) => {
    const id = await room(5, fields);
    const stream = await rig.trio.join(ann, id);
    const welcome = await guest.enter(id);
    expect(welcome).toMatchObject({ me: { id: bob.id }, here: 2, resume: Resume.UNSPECIFIED, lastSeq: 0 });
    expect(welcome.channel?.users.map((one) => one.id).sort()).toEqual([ann.id, bob.id].sort());
    await stream.find(({ presence }) => presence?.came[0]?.id === bob.id);
    expect(await guest.post(id, 'from the edge')).toMatchObject({ seq: 1, refusal: undefined });
    expect((await stream.find(({ data }) => utf8(data) === 'from the edge')).sender).toBe(bob.id);
    stream.send('native');
    await guest.text(id, 'native');
    expect(await guest.post(id, 'psst', { lossy: true })).toMatchObject({ seq: 0, refusal: undefined });
    await stream.find(({ lossy, data }) => lossy && utf8(data) === 'psst');
    expect((await guest.post(id, '', { typing: { userId: '', stopped: false } })).refusal).toBeUndefined();
    await stream.find(({ typing }) => typing?.userId === bob.id);
    expect(guest.texts(id)).toEqual(['from the edge', 'native']);
    expect(await guest.leave(id)).toBe('cancelled');
    await stream.find(({ presence }) => presence?.went[0]?.id === bob.id);
    await until(async () => (await seatsOf(bob)) === 0);
    expect((await guest.post(id, 'too late')).refusal).toMatchObject({ reason: 'wrong-kind' });
    stream.send('unseen');
    await stream.find(({ data }) => utf8(data) === 'unseen');
    await guest.enter(id);
    expect(guest.texts(id)).toEqual(['from the edge', 'native']);
    await stream.leave();
  });
});

test('the end of the inbox frees the seat', async () => {
  const id = await room();
  const stream = await rig.trio.join(ann, id);
  await device.enter(id);
  await inbox.cut();
  await stream.find(({ presence }) => presence?.went[0]?.id === bob.id);
  await until(async () => (await seatsOf(bob)) === 0);
  await stream.leave();
});

test('presence shows users who come and go, in native streams and inboxes', async () => {
  const id = await room();
  await device.enter(id);
  const stream = await rig.trio.join(ann, id);
  await device.frame(id, ({ presence }) => presence?.came[0]?.id === ann.id);
  await stream.leave();
  await device.frame(id, ({ presence }) => presence?.went[0]?.id === ann.id);
  const others = await rig.open(ann);
  const other = new RoomDevice(others, rig.trio, ann);
  expect((await other.enter(id)).channel?.users.map((one) => one.id).sort()).toEqual([ann.id, bob.id].sort());
  await device.frame(id, ({ presence }) => presence?.came[0]?.id === ann.id && presence.here === 2);
  await others.cut();
});

describe('a user is in one room at a time', () => {
  test('another room on another device ends the first stay, in native streams and inboxes', async () => {
    const [one, two, three] = [await room(), await room(), await room()];
    await device.enter(one);
    const elsewhere = await rig.open(bob);
    const second = new RoomDevice(elsewhere, rig.trio, bob);
    await second.enter(two);
    expect(await device.goodbye(one)).toMatchObject({ reason: 'replaced', listenAgain: false });
    const stream = await rig.trio.join(bob, three);
    expect(await second.goodbye(two)).toMatchObject({ reason: 'replaced', listenAgain: false });
    await device.enter(one);
    expect((await stream.ended).reason).toBe('replaced');
    expect(await seatsOf(bob)).toBe(1);
    expect((await device.post(one, 'here')).seq).toBe(1);
    await elsewhere.cut();
  });

  test('another room, or the same room again, on the same device ends the first stay', async () => {
    const [one, two] = [await room(), await room()];
    await device.enter(one);
    await device.enter(two);
    expect((await device.goodbye(one)).reason).toBe('replaced');
    expect((await device.post(one, 'gone')).refusal?.reason).toBe('wrong-kind');
    await device.enter(two);
    expect((await device.post(two, 'once')).seq).toBe(1);
    await device.text(two, 'once');
    const order = device.frames(two).flatMap(({ welcome, goodbye }) => [welcome && 'in', goodbye && 'out']);
    expect(order.filter((one) => one !== undefined)).toEqual(['in', 'out', 'in']);
    expect(device.texts(two)).toEqual(['once']);
    expect(await seatsOf(bob)).toBe(1);
  });
});

describe('a refused `enter` or `leave` has a reason, and the session continues', () => {
  test('`enter` is refused for tokens that are malformed, used, or for another user or room', async () => {
    const [id, other] = [await room(), await room()];
    const chat = await rig.group(ann, [bob]);
    expect(await device.refusalOf(id, 'abc')).toMatchObject({ reason: 'invalid-token' });
    expect(await device.refusalOf(id, bob.token)).toMatchObject({ reason: 'invalid-token' });
    expect(await device.refusalOf(id, (await rig.trio.listen(ann, id)).token)).toMatchObject({
      reason: 'invalid-token',
      message: 'That join token is of another user.',
    });
    const { token } = await rig.trio.listen(bob, id);
    expect(await device.refusalOf(other, token)).toMatchObject({
      reason: 'invalid-token',
      message: 'That join token is for another channel.',
    });
    expect((await device.refusalOf(chat, (await rig.trio.listen(bob, chat)).token)).reason).toBe('wrong-kind');
    await device.enter(id);
    expect((await device.refusalOf(id, token)).reason).toBe('seat-gone');
    expect((await device.post(id, 'still here')).seq).toBe(1);
    await device.text(id, 'still here');
  });

  test('`enter` is refused for a token that came too late', async () => {
    const id = await room();
    const { token } = await rig.trio.listen(bob, id);
    await rig.sql("UPDATE chat.seat SET join_by = now() - interval '1 s' WHERE user_id = $1", [bob.id]);
    expect((await device.refusalOf(id, token)).reason).toBe('seat-gone');
  });

  test('a banned user and a full room are refused, by Listen as in native streams', async () => {
    const [id, full] = [await room(), await room(1)];
    const stream = await rig.trio.join(ann, full);
    await expect(device.enter(full)).rejects.toMatchObject({ reason: 'channel-full' });
    const { token } = await rig.trio.listen(bob, id);
    await rig.trio.changeMember(ann, { channelId: id, userId: bob.id, banUntil: Date.now() + 3_600_000 });
    expect(['banned', 'seat-gone']).toContain((await device.refusalOf(id, token)).reason);
    await stream.leave();
  });

  test('a command is refused for a room in which the device is not, and after too many commands', async () => {
    const id = await room();
    expect(await device.leave(id)).toBe('seat-gone');
    const { token } = await rig.trio.listen(bob, id);
    for (let n = 0; n < 8; n++) inbox.command({ enter: { channelId: id, token } });
    await inbox.find(({ roomRefused }) => roomRefused?.refusal?.reason === 'listen-too-often');
    await device.frame(id, ({ welcome }) => welcome !== undefined);
    expect((await device.post(id, 'in')).seq).toBe(1);
  });

  test('a `leave` during an `enter` leaves the room', async () => {
    const id = await room();
    const { token } = await rig.trio.listen(bob, id);
    inbox.command({ enter: { channelId: id, token } });
    expect(await device.leave(id)).toBe('cancelled');
    await until(async () => (await seatsOf(bob)) === 0);
  });
});

describe('the rules of a room apply in inboxes', () => {
  test('a muted user cannot post, and the stay of a banned user ends', async () => {
    const id = await room();
    await device.enter(id);
    await rig.trio.changeMember(ann, { channelId: id, userId: bob.id, muteUntil: Date.now() + 3_600_000 });
    await until(async () => (await device.post(id, 'muted')).refusal?.reason === 'muted');
    await rig.trio.changeMember(ann, { channelId: id, userId: bob.id, banUntil: Date.now() + 3_600_000 });
    const { reason, listenAgain } = await device.goodbye(id);
    expect([reason, listenAgain]).toEqual(['banned', false]);
    await expect(rig.trio.listen(bob, id)).rejects.toMatchObject({ reason: 'banned' });
  });

  test.each([
    ['empty-message', { data: Buffer.alloc(0) }],
    ['message-too-large', { data: Buffer.alloc(65_537, 'x') }],
    ['invalid-message', { data: Buffer.from('x'), mentions: ['not a user id'] }],
    ['mention-not-found', { data: Buffer.from('x'), mentions: ['nobody-of-that-name'] }],
    ['message-not-found', { kind: Kind.EDIT, targetSeq: 1, data: Buffer.from('x') }],
  ])('%s, as natively', async (reason, fields) => {
    const id = await room();
    await device.enter(id);
    const stream = await rig.trio.join(ann, id);
    const clientId = crypto.randomUUID();
    stream.send('', { clientId, ...fields });
    const { ack } = await stream.find((message) => message.ack?.clientId === clientId);
    const refusal = (await device.post(id, '', fields)).refusal;
    expect([ack?.refusal?.reason, refusal?.reason]).toEqual([reason, reason]);
    await stream.leave();
  });

  test('a sender above the rate of the chat server is refused, and the stay continues', async () => {
    const slow = await rig.trio.addChatServer({ PARLEY_SENDER_RATE: '2' });
    const id = await room();
    await rig.trio.place(id, slow);
    await device.enter(id);
    await until(async () => {
      const acks = await Promise.all(Array.from({ length: 10 }, () => device.post(id, 'much')));
      return acks.some(({ refusal }) => refusal?.reason === 'send-too-fast');
    });
    await until(async () => (await device.post(id, 'again')).refusal === undefined);
    rig.trio.chatServers.pop();
    await slow.stop();
    expect(await device.goodbye(id)).toMatchObject({ reason: 'draining', listenAgain: true });
  });

  test.each([
    ['kicked', (id: number) => kick(id)],
    ['channel-deleted', (id: number) => remove(id)],
  ] as const)('%s ends the stay, and not the inbox', async (reason, end) => {
    const id = await room();
    const chat = await rig.group(ann, [bob]);
    await device.enter(id);
    await end(id);
    expect(await device.goodbye(id)).toMatchObject({ reason, listenAgain: false });
    expect((await device.post(chat, 'words')).refusal).toBeUndefined();
  });

  async function remove(id: number): Promise<void> {
    const options = { token: ann.token, withinMs: 30_000 };
    await callUnary(rig.trio.manager(), ChannelService.delete, Channel.fromPartial({ id }), options);
  }

  async function kick(channelId: number): Promise<void> {
    const { token } = await rig.trio.people.make(`operator-${crypto.randomUUID().slice(0, 8)}`, 'admin');
    const request = KickRequest.fromPartial({ channelId, userId: bob.id, reason: 'test' });
    await callUnary(rig.trio.manager(), AdminService.kick, request, { token, withinMs: 30_000 });
  }

  test.each([
    ['logged-out', 'UPDATE chat.session SET revoked_at = now() WHERE user_id = $1'],
    ['suspended', "UPDATE chat.users SET status = 'suspended' WHERE id = $1"],
  ])('%s ends the inbox and frees the seat', async (reason, change) => {
    const id = await room();
    await device.enter(id);
    await rig.sql(change, [bob.id]);
    expect(await inbox.ended).toMatchObject({ reason });
    await until(async () => (await seatsOf(bob)) === 0);
  });
});

describe('a resume', () => {
  test.each([
    ['without history', keepsNothing],
    ['with history', keepsEverything],
  ])('of a room %s sends the missed entries once', async (_, fields) => {
    const id = await room(5, fields);
    const stream = await rig.trio.join(ann, id);
    const { log } = await device.enter(id);
    stream.send('one');
    await device.text(id, 'one');
    await device.leave(id);
    stream.send('two');
    await stream.find(({ data }) => utf8(data) === 'two');
    expect((await device.enter(id, { log, afterSeq: 1 })).resume).toBe(Resume.WHOLE);
    stream.send('three');
    await device.text(id, 'three');
    expect(device.texts(id)).toEqual(['one', 'two', 'three']);
    await device.leave(id);
    const reset = await device.enter(id, { log: crypto.randomUUID(), afterSeq: 1 });
    expect(reset).toMatchObject({ resume: Resume.RESET, lastSeq: 3 });
    await stream.leave();
  });
});

test('`enter` refuses a group, because only rooms are entered', async () => {
  const id = await rig.group(ann, [bob], { kind: ChannelKind.PUBLIC });
  expect((await device.refusalOf(id, (await rig.trio.listen(bob, id)).token)).reason).toBe('wrong-kind');
});

/** Returns the lines of JSON in the section about rooms of docs/websocket.md, for this room and user. */
async function documented(fence: string, id: number): Promise<Record<string, unknown>[]> {
  const page = await readFile(new URL('../../../../docs/websocket.md', import.meta.url), 'utf8');
  const section = /^## Rooms\n([\s\S]*?)^## /m.exec(page)?.[1] ?? '';
  const blocks = [...section.matchAll(new RegExp(`^\`\`\`${fence}\\n([\\s\\S]*?)^\`\`\``, 'gm'))];
  const lines = blocks.flatMap(([, block]) => String(block).trim().split('\n'));
  const withIds = (line: string) => line.replaceAll(/(:)7([,}])/g, `$1${id}$2`).replaceAll('erin', bob.id);
  return lines.map((line) => JSON.parse(withIds(line)));
}

test('docs/websocket.md: the commands for rooms cause the events', async () => {
  const id = await room(5, keepsNothing);
  const [commands, events] = [await documented('text', id), await documented('json', id)];
  const { token } = await rig.trio.listen(bob, id);
  const socket = new WebSocket(`${rig.gateway.http.replace('http', 'ws')}/connect`, [
    'parley.v1.json',
    `bearer.${bob.token}`,
  ]);
  const got: unknown[] = [];
  socket.on('message', (frame) => got.push(JSON.parse(String(frame))));
  const has = (event: object) => got.some((one) => subset(one, event));
  await once(socket, 'open');
  socket.send('{"watch":{}}');
  const send = (command: unknown) => socket.send(JSON.stringify(command).replace('JOIN_TOKEN', token));
  expect([commands.length, events.length]).toEqual([3, 5]);
  for (const [n, command] of commands.entries()) {
    send(command);
    await until(() => events.slice(0, [1, 3, 4][n]).every(has));
  }
  send(commands[0]);
  await until(() => has(events[4] as object));
  socket.terminate();
});

/** Whether a value has all fields of another. */
function subset(value: unknown, fields: unknown): boolean {
  if (typeof fields !== 'object' || fields === null) return value === fields;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(fields).every(([key, field]) => subset((value as Record<string, unknown>)[key], field));
}
