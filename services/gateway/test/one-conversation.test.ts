/** One conversation, held through all doors at once. */
import { Kind } from '@parley/contract';
import { type ServiceProcess, type TestPerson, until } from '@parley/testkit';
import { InboxRig } from './inbox-rig.js';
import { RealtimeClient } from './realtime-client.js';
import { request } from './rest-client.js';
import { RoomClient } from './room-client.js';
import { SocketProbe } from './socket-probe.js';

let rig: InboxRig;
let gateway: ServiceProcess;
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
