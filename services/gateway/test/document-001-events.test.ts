/** Document 001: the events over SSE, as its clients and any EventSource read them. */
import { get, type IncomingMessage } from 'node:http';
import { freePorts, type ServiceProcess, type TestPerson, until } from '@parley/testkit';
import { EventSource } from 'eventsource';
import { InboxRig } from './inbox-rig.js';
import { request } from './rest-client.js';

const eventNames = ['NewChat', 'AddToChat', 'RemoveFromChat', 'NewMessage', 'ChatNameUpdated'] as const;
const lateNames = ['MessageUpdated', 'MessageDeleted', 'reset', 'message'] as const;

/** Data of an event. No event has all fields. */
interface EventData {
  readonly event: string;
  readonly id: number;
  readonly chatId: number;
  readonly senderId: number;
  readonly content: string;
  readonly name: string | null;
  readonly type: string;
  readonly members: readonly number[];
}

let rig: InboxRig;
let gateway: ServiceProcess;

beforeAll(async () => {
  rig = await InboxRig.start({ chatServers: 2 });
  await rig.trio.startUserService();
  gateway = await rig.trio.startGateway({ PARLEY_URL_TOKENS: 'on', PARLEY_ADMIN_PORT: String(await freePorts(1)) });
});
afterAll(() => rig?.stop());

/** The page of a client: an EventSource, and everything that it received. */
class Page {
  readonly events: { readonly name: string; readonly data: EventData; readonly id: string }[] = [];
  readonly source: EventSource;
  opened = 0;

  constructor({ token }: Pick<TestPerson, 'token'>, { after = '', http = gateway.http } = {}) {
    this.source = new EventSource(`${http}/events?token=${token}${after === '' ? '' : `&after=${after}`}`);
    this.source.addEventListener('open', () => {
      this.opened += 1;
    });
    for (const name of [...eventNames, ...lateNames])
      this.source.addEventListener(name, ({ data, lastEventId }: MessageEvent) =>
        this.events.push({ name, data: JSON.parse(data), id: lastEventId }),
      );
  }

  static async open(person: Pick<TestPerson, 'token'>, options = {}): Promise<Page> {
    const page = new Page(person, options);
    await until(() => page.opened > 0);
    return page;
  }

  named(name: string): EventData[] {
    return this.events.flatMap((one) => (one.name === name ? [one.data] : []));
  }

  texts(chatId: number): string[] {
    return this.named('NewMessage').flatMap((data) => (data.chatId === chatId ? [data.content] : []));
  }

  find(matches: (data: EventData) => boolean): Promise<void> {
    return until(() => this.events.some(({ data }) => matches(data)));
  }

  close(): void {
    this.source.close();
  }
}

/** Creates three users. */
async function cast(): Promise<readonly [TestPerson, TestPerson, TestPerson]> {
  return (await rig.people(3)) as unknown as readonly [TestPerson, TestPerson, TestPerson];
}

/** Makes a call of document 001. */
const call = ({ token }: Pick<TestPerson, 'token'>, method: string, path: string, json?: object, headers = {}) =>
  request(`${gateway.http}/api${path}`, method, { token, headers, ...(json && { json }) });

/** Opens the stream with a plain HTTP client. */
function openRaw(path: string, headers = {}, http = gateway.http): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(`${http}${path}`, { headers, agent: false }, resolve).on('error', reject);
  });
}

async function textUntil(response: IncomingMessage, pattern: RegExp): Promise<string> {
  let text = '';
  response.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await until(() => pattern.test(text));
  response.destroy();
  return text;
}

test('7. the stream: named events, data as one flat JSON with its own name, and the headers that proxies need', async () => {
  const [ann, bob] = await cast();
  const { json: chat } = await call(ann, 'POST', '/chats', { members: [ann.number, bob.number] });
  const response = await openRaw(`/events?token=${bob.token}`);
  expect([response.statusCode, response.headers]).toMatchObject([
    200,
    {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    },
  ]);
  expect(response.headers['content-encoding']).toBeUndefined();
  const reading = textUntil(response, /NewMessage[\s\S]*\n\n$/);
  const { json: sent } = await call(ann, 'POST', `/chats/${chat.id}`, { content: '日本\n語' });
  const text = await reading;
  expect(text).toContain(':keep-alive-text\n\n');
  const [, id, data] = /\nid: (\S+)\nevent: NewMessage\ndata: (.*)\n\n$/.exec(text) ?? [];
  expect(id).toMatch(/^1-[\d-]+/);
  expect(JSON.parse(String(data))).toEqual({ ...sent, event: 'NewMessage' });
});

test('23, 27. who gets what: NewChat for first members but not their creator, AddToChat, RemoveFromChat, NewMessage with the sender', async () => {
  const [ann, bob, cy] = await cast();
  const pages = await Promise.all([ann, bob, cy].map((person) => Page.open(person)));
  const [ofAnn, ofBob, ofCy] = pages as [Page, Page, Page];
  const { json: chat } = await call(ann, 'POST', '/chats', { name: 'team', members: [ann.number, bob.number] });
  await ofBob.find(({ event }) => event === 'NewChat');
  expect(ofBob.named('NewChat')).toEqual([{ ...chat, event: 'NewChat' }]);
  await call(ann, 'POST', `/chats/${chat.id}`, { content: 'hello' });
  for (const page of [ofAnn, ofBob]) await page.find(({ content }) => content === 'hello');
  expect(ofAnn.events.map(({ name }) => name)).toEqual(['NewMessage']);
  const members = [ann.number, bob.number, cy.number];
  await call(ann, 'PATCH', `/chats/${chat.id}`, { members });
  for (const page of pages) await page.find(({ event }) => event === 'AddToChat');
  for (const page of pages)
    expect(page.named('AddToChat')).toMatchObject([{ id: chat.id, type: 'privateChannel', members }]);
  await call(ann, 'PATCH', `/chats/${chat.id}`, { members: [ann.number, cy.number] });
  await ofBob.find(({ event }) => event === 'RemoveFromChat');
  expect(ofBob.named('RemoveFromChat')).toMatchObject([{ id: chat.id }]);
  await until(() => ofCy.named('AddToChat').length === 2);
  expect(ofCy.named('AddToChat').at(-1)?.members).toEqual([ann.number, cy.number]);
  await call(ann, 'DELETE', `/chats/${chat.id}`);
  await ofCy.find(({ event }) => event === 'RemoveFromChat');
  await call(bob, 'POST', '/chats', { members: [ann.number, bob.number] });
  await ofAnn.find(({ event, type }) => event === 'NewChat' && type === 'single');
  expect(ofBob.named('NewChat')).toHaveLength(1);
  for (const page of pages) page.close();
});

test('an edit and a deletion arrive under names that clients of the document do not know', async () => {
  const [ann, bob] = await cast();
  const id = await rig.group(ann, [bob]);
  const page = await Page.open(bob);
  const rest = (method: string, path: string, json?: object) =>
    request(`${gateway.http}/api/v1/channels/${id}/messages${path}`, method, {
      token: ann.token,
      ...(json && { json }),
    });
  const { seq } = (await rest('POST', '', { text: 'first' })).json;
  await page.find(({ content }) => content === 'first'); // The table has the new text later.
  await rest('PATCH', `/${seq}`, { text: 'better' });
  await page.find(({ content }) => content === 'better');
  await rest('DELETE', `/${seq}`);
  await page.find(({ event }) => event === 'MessageDeleted');
  expect(page.events.map(({ name, data }) => [name, data.id, data.content])).toEqual([
    ['NewMessage', seq, 'first'],
    ['MessageUpdated', seq, 'better'],
    ['MessageDeleted', seq, undefined],
  ]);
  page.close();
});

test('a browser that lost the stream resumes after the last event that it saw, and ?after= does the same', async () => {
  const [ann, bob] = await cast();
  const [one, two] = [await rig.group(ann, [bob]), await rig.group(ann, [bob])];
  const first = await Page.open(bob);
  const post = (chatId: number, content: string) => call(ann, 'POST', `/chats/${chatId}`, { content });
  for (const [chat, text] of [
    [one, 'a'],
    [two, 'b'],
    [one, 'c'],
  ] as const)
    await post(chat, text);
  await until(() => first.events.length === 3);
  first.close();
  const later = [
    [two, 'd'],
    [one, 'e'],
  ] as const;
  for (const [chat, text] of later) await post(chat, text);
  const shown = first.events.map(({ data }) => [data.chatId, data.content] as const);
  for (const [seen, { id }] of first.events.entries()) {
    const page = await Page.open(bob, { after: id });
    const missed = [...shown, ...later].slice(seen + 1);
    await until(() => page.events.length >= missed.length);
    const texts = page.named('NewMessage').map(({ chatId, content }) => [chatId, content]);
    expect([seen, texts.sort()]).toEqual([seen, missed.sort()]);
    page.close();
  }
});

test('an invented Last-Event-ID and one of another user are a 400, and a bad token never opens a stream', async () => {
  const [ann, bob] = await cast();
  const page = await Page.open(ann);
  const id = await rig.group(ann, [bob]);
  await call(ann, 'POST', `/chats/${id}`, { content: 'x' });
  await page.find(({ content }) => content === 'x');
  const ofAnn = String(page.events.at(-1)?.id);
  page.close();
  const opened = async (token: string, last: string) => {
    const response = await openRaw(`/events?token=${token}`, last === '' ? {} : { 'last-event-id': last });
    response.destroy();
    return response.statusCode;
  };
  for (const last of ['nonsense', '1', `${ofAnn}~`, `${ofAnn}~0.1.1`, '~'.repeat(300), ofAnn])
    expect([last, await opened(bob.token, last)]).toEqual([last, 400]);
  const resumed = Array.from({ length: 30 }, async () => {
    const response = await openRaw(`/events?token=${ann.token}`, { 'last-event-id': ofAnn });
    expect(response.statusCode).toBe(200);
    return textUntil(response, /\n\n/);
  });
  const beginnings = await Promise.all(resumed);
  for (const text of beginnings) expect(text.slice(0, text.indexOf('\n'))).toBe(`id: ${ofAnn}`);
  expect(beginnings.some((text) => text.startsWith(`id: ${ofAnn}\nretry: `))).toBe(true); // Too many at once.
  expect(await opened('e30.e30.e30', '')).toBe(403);
  const missing = await openRaw('/events');
  missing.destroy();
  expect(missing.statusCode).toBe(401);
  const posted = await request(`${gateway.http}/events?token=${ann.token}`, 'POST');
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET']);
});

test('the stream ends with its session, and a new one is refused', async () => {
  const [ann] = await cast();
  const response = await openRaw(`/events?token=${ann.token}`);
  await rig.sql('DELETE FROM chat.session WHERE id = $1', [ann.sessionId]);
  const text = await textUntil(response, /retry: \d+\n\n$/);
  expect(text).toMatch(/retry: \d+\n\n$/);
  const again = await openRaw(`/events?token=${ann.token}`);
  again.destroy();
  expect(again.statusCode).toBe(403);
});

test('300 messages arrive once each and in order over kills of chat servers, at npm eventsource', async () => {
  const [ann, bob] = await cast();
  const id = await rig.group(ann, [bob]);
  const page = await Page.open(bob);
  const texts = Array.from({ length: 300 }, (_, n) => `第${n}条\nline ${n}`);
  for (const [n, content] of texts.entries()) {
    if (n % 75 === 40) {
      (await rig.trio.ownerOf(id))?.kill('SIGKILL');
      await rig.trio.addChatServer();
    }
    const key = { 'idempotency-key': `kills-${n}` };
    await until(async () => (await call(ann, 'POST', `/chats/${id}`, { content }, key)).status === 201);
  }
  await page.find(({ content }) => content === texts.at(-1));
  expect(page.texts(id)).toEqual(texts);
  const metrics = await (await fetch(`http://${gateway.admin}/metrics`)).text();
  const ends = metrics.split('\n').filter((line) => /_count.*rpc="events"/.test(line));
  expect([page.opened, ends]).toEqual([1, ends]); // A failure shows why streams have ended.
  page.close();
});

test('1, 8. events arrive once each over a killed gateway: the client resumes at another one', async () => {
  const [ann, bob] = await cast();
  const id = await rig.group(ann, [bob]);
  const other = await rig.trio.startGateway({ PARLEY_URL_TOKENS: 'on' });
  const page = await Page.open(bob, { http: other.http });
  const post = (content: string) => call(ann, 'POST', `/chats/${id}`, { content });
  for (let n = 0; n < 20; n++) await post(`m${n}`);
  await page.find(({ content }) => content === 'm19');
  other.kill('SIGKILL');
  for (let n = 20; n < 40; n++) await post(`m${n}`);
  const last = String(page.events.at(-1)?.id);
  page.close();
  const resumed = await Page.open(bob, { after: last });
  await resumed.find(({ content }) => content === 'm39');
  expect([...page.texts(id), ...resumed.texts(id)]).toEqual(Array.from({ length: 40 }, (_, n) => `m${n}`));
  resumed.close();
});

test('a reader that never reads is cut off, and others continue', async () => {
  const [ann, bob, cy] = await cast();
  const id = await rig.group(ann, [bob, cy]);
  const response = await openRaw(`/events?token=${bob.token}`);
  const closed = new Promise<void>((resolve) => response.socket.once('close', resolve));
  response.socket.on('error', () => {});
  response.pause();
  const page = await Page.open(cy);
  let n = 0;
  let last = 0;
  let isCut = false;
  void closed.then(() => {
    isCut = true;
  });
  const cutAtServer = async () => (await countOf('too-slow')) > 0;
  while (!isCut && !(await cutAtServer())) {
    n += 1;
    const { status } = await call(ann, 'POST', `/chats/${id}`, { content: `${n} ${'x'.repeat(60_000)}` });
    if (status === 201) last = n; // A busy system may refuse one.
  }
  await page.find(({ content }) => content?.startsWith(`${last} `) === true);
  response.destroy();
  page.close();
});

/** Returns how many streams of events have ended with a reason. */
async function countOf(reason: string): Promise<number> {
  const text = await (await fetch(`http://${gateway.admin}/metrics`)).text();
  const line = text
    .split('\n')
    .find((one) => one.includes('_count') && one.includes('"events"') && one.includes(`"${reason}"`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

test('a draining gateway ends its streams with a time to reconnect, and never answers an EventSource with an error', async () => {
  const [ann] = await cast();
  const leaving = await rig.trio.startGateway({ PARLEY_URL_TOKENS: 'on', PARLEY_STOP_SECONDS: '30' });
  const responses = await Promise.all(
    Array.from({ length: 5 }, () => openRaw(`/events?token=${ann.token}`, {}, leaving.http)),
  );
  const texts = responses.map((response) => textUntil(response, /retry: \d+\n\n$/));
  const stopped = leaving.stop();
  for (const text of await Promise.all(texts)) expect(text).toMatch(/retry: \d+\n\n$/);
  const late = await openRaw(`/events?token=${ann.token}`, {}, leaving.http).catch(() => undefined);
  expect([200, undefined]).toContain(late?.statusCode);
  late?.destroy();
  await stopped;
});
