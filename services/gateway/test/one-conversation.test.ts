/** One conversation, held through all doors at once, also by clients that others have written. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kind } from '@parley/contract';
import { type Program, type ServiceProcess, type TestPerson, until } from '@parley/testkit';
import { InboxRig } from './inbox-rig.js';
import { lineClients } from './line-clients.js';
import { RealtimeClient } from './realtime-client.js';
import { request } from './rest-client.js';
import { RoomClient } from './room-client.js';
import { SocketProbe } from './socket-probe.js';

let rig: InboxRig;
let gateway: ServiceProcess;
let names = 0;
const streams = new AbortController();

beforeAll(async () => {
  rig = await InboxRig.start();
  await rig.trio.startUserService();
  gateway = await rig.trio.startGateway({ PARLEY_GUESTS: 'on' });
});
afterAll(() => {
  streams.abort();
  return rig?.stop();
});

/** Opens the events of document 001. Returns the data of those that have arrived. */
async function listen({ token }: TestPerson) {
  const headers = { authorization: `Bearer ${token}` };
  const { body } = await fetch(`${gateway.http}/events`, { headers, signal: streams.signal });
  let text = '';
  const read = async () => {
    for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) text += part;
  };
  read().catch(() => {}); // It is aborted at the end.
  await until(() => text.includes('keep-alive'));
  return () => [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data));
}

/** Frames of a guest with a text. */
const framesOf = (client: RoomClient) => client.frames.map((frame) => JSON.parse(frame));

test('gRPC, page, REST, server-sent events, and documents 002, 003 and 004 see the same messages, edits and deletions, in one order', async () => {
  const { http } = gateway;
  const [ann, bob, cy] = (await rig.people(3)) as [TestPerson, TestPerson, TestPerson];
  const [bobs, cys] = [await RealtimeClient.open(http, bob), await RealtimeClient.open(http, cy)];
  const { room_id: id } = await cys.ok('create_room', { name: 'doors', kind: 'public' });
  for (const [person, url] of [
    [ann, `channels/${id}/join`],
    [bob, `channels/${id}/join`],
  ] as const)
    expect((await request(`${http}/api/v1/${url}`, 'POST', { token: person.token })).status).toBe(200);
  const [inbox, page, events] = [await rig.open(ann), await SocketProbe.watch(http, ann), await listen(cy)];
  const stream = await rig.trio.join(ann, id);
  const numbered = await RoomClient.open(`${http}/chatserver`);
  const join = { action: 'join', room: 'doors' };
  await until(async () => JSON.parse(await numbered.ask(join)).action === 'join');
  const named = await RoomClient.open(`${http}/ws/dora`);
  await until(async () => (await request(`${http}/join-room/doors/dora`, 'POST')).status === 200);
  await until(() => framesOf(numbered).some(({ user_id: user }) => user === 'dora'));

  const url = `${http}/api/v1/channels/${id}/messages`;
  const isSaid = (text: string) => until(() => inbox.texts(id).includes(text));
  const says: [string, () => unknown][] = [
    ['gRPC', () => stream.send('gRPC', { clientId: crypto.randomUUID(), contentType: 'text/plain' })],
    ['002', () => numbered.send({ action: 'room_message', message: '002' })],
    ['REST', () => request(url, 'POST', { token: cy.token, json: { text: 'REST' } })],
    ['003', () => named.send({ user: 'dora', room: 'doors', isNotification: false, value: '003' })],
    ['004', () => bobs.ok('chat_message', { room_id: id, content: '004' })],
    ['001', () => request(`${http}/api/chats/${id}`, 'POST', { token: cy.token, json: { content: '001' } })],
  ];
  for (const [door, say] of says) {
    await say();
    await isSaid(door);
  }
  const rest = (await request(`${url}?oldest_first=true`, 'GET', { token: cy.token })).json.messages;
  const seq = rest.find(({ text }) => text === 'REST')?.seq ?? 0;
  await request(`${url}/${seq}`, 'PATCH', { token: cy.token, json: { text: 'changed' } });
  await request(`${url}/${seq}`, 'DELETE', { token: cy.token });

  const doors = says.map(([door]) => door);
  const spoken = (text: unknown) => doors.includes(String(text));
  await until(() => framesOf(named).some(({ value }) => value === '(deleted a message)'));
  await until(() => framesOf(numbered).some(({ message }) => message === '(deleted a message)'));
  await bobs.find(({ type }) => type === 'message_deleted');
  await until(() => events().some(({ event }) => event === 'MessageDeleted'));
  await page.find(({ message }) => message?.kind === Kind.DELETE);
  const seen = {
    inbox: inbox.texts(id).filter(spoken),
    page: page
      .entries(id)
      .map(({ data }) => Buffer.from(data).toString())
      .filter(spoken),
    events: events()
      .filter(({ event }) => event === 'NewMessage')
      .map(({ content }) => content)
      .filter(spoken),
    numbered: framesOf(numbered)
      .map(({ message }) => message)
      .filter(spoken),
    named: framesOf(named)
      .map(({ value }) => value)
      .filter(spoken),
  };
  expect(seen).toEqual({ inbox: doors, page: doors, events: doors, numbered: doors, named: doors });
  expect(bobs.texts(id).filter(spoken)).toEqual(doors.filter((door) => door !== '004'));
  expect(rest.map(({ text }) => text).filter(spoken)).toEqual(doors);

  const ids = rest.filter(({ text }) => spoken(text)).map((message) => message.seq);
  const idsOf004 = (await bobs.ok('history', { room_id: id, after: 0 })).messages.map((one) => one.message_id);
  expect(idsOf004).toEqual(ids);
  expect(
    events()
      .filter(({ content }) => spoken(content))
      .map((one) => one.id),
  ).toEqual(ids);
  expect(framesOf(numbered).map(({ message }) => message)).toEqual(expect.arrayContaining(['(edited) changed']));
  expect(framesOf(named).map(({ value }) => value)).toEqual(expect.arrayContaining(['(edited) changed']));
  expect(bobs.all('message_edited')).toMatchObject([{ message_id: seq, content: 'changed' }]);
  expect(events().find(({ event }) => event === 'MessageUpdated')).toMatchObject({ id: seq, content: 'changed' });
  expect(page.entries(id).find(({ kind }) => kind === Kind.EDIT)).toMatchObject({ targetSeq: seq });
});

describe.each(lineClients)('A client with $name', ({ isInstalled, prepare }) => {
  const given = isInstalled ? test : test.skip;
  let start: (path: string, ...protocols: string[]) => Program;
  let folder: string;
  let program: Program;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-line-client-'));
    if (!isInstalled) return;
    const run = await prepare(folder);
    start = (path, ...protocols) => {
      // Only the gateway of the rig has metrics.
      const { http } = path === '/connect' ? rig.gateway : gateway;
      program = run(`${http.replace('http', 'ws')}${path}`, protocols);
      return program;
    };
  }, 400_000);
  afterEach(() => program?.child.kill());
  afterAll(() => rm(folder, { recursive: true }));

  /** Makes a group of two users, of whom the second one is connected to document 004. */
  async function pair() {
    const [ann, bob] = (await rig.people(2)) as [TestPerson, TestPerson];
    return { ann, bobs: await RealtimeClient.open(gateway.http, bob), id: await rig.group(ann, [bob]) };
  }

  given('talks through /connect', async () => {
    const { ann, bobs, id } = await pair();
    const sockets = () => rig.metric('parley_sockets');
    const before = await sockets();
    start('/connect', 'parley.v1.json', `bearer.${ann.token}`);
    await until(async () => (await sockets()) > before); // wscat does not say when it is connected.
    program.type('{"watch":{}}');
    await program.says('{"welcome":{"me":{"id":');
    const post = { channelId: id, clientId: crypto.randomUUID(), data: Buffer.from('grüße').toString('base64') };
    program.type(JSON.stringify({ post }));
    await program.says(`{"ack":{"clientId":"${post.clientId}","seq":`);
    await until(() => bobs.texts(id).includes('grüße'));
    await bobs.ok('chat_message', { room_id: id, content: '世界' });
    await program.says(`"data":"${Buffer.from('世界').toString('base64')}"`);
  });

  given('talks through document 002', async () => {
    const other = await RoomClient.open(`${gateway.http}/chatserver`);
    await other.next();
    const room = `room${++names}`;
    expect(await other.ask({ action: 'join', room })).toBe(`{"action":"join","room":"${room}"}`);
    start('/chatserver/connect');
    await program.says('{"action":"connection","user_id":"');
    const [, id] = /"user_id":"(\d+)"/.exec(program.said) ?? [];
    program.type(JSON.stringify({ action: 'join', room }));
    await program.says(`{"action":"join","room":"${room}"}`);
    expect(await other.next()).toBe(`{"action":"join","user_id":"${id}","room":"${room}"}`);
    program.type('{"action":"room_message","message":"grüße"}');
    await program.says(`{"action":"room_message","room":"${room}","message":"grüße"}`);
    expect(await other.next()).toBe(`{"action":"room_message","user_id":"${id}","room":"${room}","message":"grüße"}`);
    other.send({ action: 'room_message', message: '世界' });
    await program.says('"message":"世界"}');
    await other.close();
  });

  given('talks through document 003', async () => {
    const [room, name, other] = [`room${++names}`, `line${names}`, `other${names}`];
    const said = (client: RoomClient) => client.frames.map((frame) => JSON.parse(frame).value);
    const partner = await RoomClient.open(`${gateway.http}/ws/${other}`);
    start(`/ws/${name}`);
    for (const path of [`create-room/${room}/${other}`, `join-room/${room}/${name}`])
      await until(async () => (await request(`${gateway.http}/${path}`, 'POST')).status === 200);
    const frame = { user: name, room, isNotification: false };
    program.type(JSON.stringify({ ...frame, value: 'grüße' }));
    await program.says(`{"user":"${name}","room":"${room}","isNotification":false,"value":"grüße","serverTime":"`);
    await until(() => said(partner).includes('grüße'));
    partner.send({ ...frame, user: other, value: '世界' });
    await program.says(`{"user":"${other}","room":"${room}","isNotification":false,"value":"世界","serverTime":"`);
    await partner.close();
  });

  given('talks through document 004', async () => {
    const { ann, bobs, id } = await pair();
    start('/realtime', 'parley.realtime', `bearer.${ann.token}`);
    await program.says(`{"type":"welcome","payload":{"user_id":"${ann.id}",`);
    program.type(JSON.stringify({ type: 'chat_message', ref: 1, payload: { room_id: id, content: 'grüße' } }));
    await program.says(`{"type":"message_sent","ref":1,"payload":{"room_id":${id},"message_id":`);
    await until(() => bobs.texts(id).includes('grüße'));
    await bobs.ok('chat_message', { room_id: id, content: '世界' });
    await program.says('"content":"世界"');
  });
});
