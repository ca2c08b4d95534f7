import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Ack, Channel, ListenResponse, LoginRequest, LoginResponse, Message, RegisterRequest } from '@parley/contract';
import { DatabaseClock, type Pool } from '@parley/database';
import { type JoinClaims, joinToken, SigningKey } from '@parley/service-kit';
import {
  openTestPool,
  type ServiceProcess,
  type TestPerson,
  Trio,
  type WebCallOptions,
  type WebEnding,
  WebStream,
  webCall,
  webFetch,
} from '@parley/testkit';
import { stalled } from './room-device.js';

let trio: Trio;
let gateway: ServiceProcess;
let pool: Pool;
let key: SigningKey<JoinClaims>;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 3 });
  await trio.startUserService();
  gateway = await trio.startGateway({ PARLEY_ORIGINS: 'https://chat.example.org' });
  pool = openTestPool(trio.database.urlFor('chat_manager'));
  key = new SigningKey(joinToken, randomUUID(), pool, await DatabaseClock.start(pool));
});
afterAll(async () => {
  await pool.end();
  await trio.stop();
});

let tests = 0;
let ann: TestPerson;
let room: number;
beforeEach(async () => {
  tests += 1;
  ann = await trio.people.make(`ann-${tests}`);
  room = (await trio.create(ann, `room ${tests}`)).id;
});

const nothing = new Uint8Array();
const at = (path: string) => gateway.http + path;
/** Makes a call, and repeats it while the database is away, as on a busy machine. */
async function call(path: string, body: Uint8Array, options?: WebCallOptions): Promise<WebEnding> {
  const ending = await webCall(at(path), body, options);
  if (ending.trailers['chat-reason'] !== 'database-away') return ending;
  await pause(500);
  return call(path, body, options);
}
const said = (text: string) => Message.encode(Message.fromPartial({ data: Buffer.from(text) })).finish();
const bodyOf = (id: number) => Channel.encode(Channel.fromPartial({ id })).finish();
const subscribe = (token: string) => new WebStream(at('/chat.v1.ChatService/Subscribe'), nothing, { token });

async function listen(person = ann): Promise<{ token: string; response: ListenResponse }> {
  const { messages, trailers, headers } = await call('/chat.v1.ChannelService/Listen', bodyOf(room), {
    token: person.token,
  });
  expect(trailers['grpc-status']).toBe('0');
  const response = ListenResponse.decode(messages[0] ?? nothing);
  expect(headers.get('chat-token')).toBe(response.token);
  return { token: response.token, response };
}

describe('the gRPC-Web bridge', () => {
  test.each([true, false])('the bridge serves accounts, channels and seats (text: %s)', async (text) => {
    const account = { userId: `carl-${text}`, password: 'correct horse', name: 'Carl' };
    const registered = await call(
      '/chat.v1.UserService/Register',
      RegisterRequest.encode(RegisterRequest.fromPartial(account)).finish(),
      { text },
    );
    expect(registered).toMatchObject({ http: 200, trailers: { 'grpc-status': '0' } });
    expect(registered.headers.get('content-type')).toBe(`application/grpc-web${text ? '-text' : ''}+proto`);
    const login = LoginRequest.encode(LoginRequest.fromPartial(account)).finish();
    const { messages } = await call('/UserService/Login', login, { text });
    const { token } = LoginResponse.decode(messages[0] ?? nothing);
    const listed = await call('/chat.v1.ChannelService/List', nothing, { text, token });
    expect(listed.messages.map((one) => Channel.decode(one).id)).toContain(room);
    const wrong = LoginRequest.encode(LoginRequest.fromPartial({ ...account, password: 'wrong horse' })).finish();
    expect((await call('/chat.v1.UserService/Login', wrong, { text })).trailers).toMatchObject({
      'grpc-status': '16',
      'grpc-message': 'The user id or password is wrong.',
      'chat-reason': 'wrong-credentials',
    });
  });

  test('relays frames between a page and a terminal', async () => {
    const bob = await trio.people.make(`bob-${tests}`);
    const chatter = await trio.join(bob, room);
    const { token } = await listen();
    const page = subscribe(token);
    await page.find(({ welcome }) => welcome !== undefined);
    for (let n = 1; n <= 5; n++) {
      chatter.send(`${n}`);
      await page.find(({ seq }) => seq === n);
    }
    const sent = await call('/chat.v1.ChatService/Send', said('from the page'), { token, text: true });
    expect(Ack.decode(sent.messages[0] ?? nothing)).toMatchObject({ seq: 6, refusal: undefined });
    await chatter.find(({ seq }) => seq === 6);
    page.cancel();
    await chatter.find(({ presence }) => presence?.went[0]?.id === ann.id);
    await chatter.leave();
  });

  test('sends the final status of a stream after its frames', async () => {
    const { token } = await listen();
    const page = subscribe(token);
    await page.find(({ welcome }) => welcome !== undefined);
    await listen();
    const { token: newer } = await listen();
    const next = subscribe(newer);
    expect(await page.ended).toMatchObject({ 'grpc-status': '10', 'chat-reason': 'replaced' });
    expect(page.frames.at(-1)?.goodbye?.reason).toBe('replaced');
    await next.find(({ welcome }) => welcome !== undefined);
    next.cancel();
  });

  test('refuses a missing, incomplete or large message, and another format', async () => {
    const path = '/chat.v1.UserService/Login';
    const refused = async (options: WebCallOptions) => (await call(path, nothing, options)).trailers['chat-reason'];
    expect(await refused({ raw: Buffer.alloc(0) })).toBe('malformed');
    expect(await refused({ raw: Buffer.from([0, 0, 0, 0, 9, 1]) })).toBe('malformed');
    expect(await refused({ raw: Buffer.from([1, 0, 0, 0, 0]) })).toBe('malformed');
    expect(await refused({ raw: 'AAAA!AA=', text: true })).toBe('malformed');
    expect(await refused({ raw: Buffer.alloc(1_048_576 + 6) })).toBe('message-too-large');
    expect((await fetch(at(path), { method: 'POST', body: 'x' })).status).toBe(404);
    expect((await fetch(at(path))).status).toBe(404);
  });

  test('serves the next request on a connection after refusing one without reading it', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const statusOf = (method: string, body: Uint8Array) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { 'content-type': 'application/grpc-web+proto' };
        const asked = request(at('/chat.v1.UserService/Login'), { agent, method, headers }, (answer) =>
          answer.resume().once('end', () => resolve(answer.statusCode)),
        );
        asked.once('error', reject);
        if (method === 'POST') asked.write(body); // In chunks, without a content-length.
        asked.end();
      });
    expect(await statusOf('POST', Buffer.alloc(8_000_000))).toBe(413);
    expect(await statusOf('GET', nothing)).toBe(404);
    agent.destroy();
  });

  test('refuses invalid base64, and joins many chunks into one message', async () => {
    const bad = await call('/chat.v1.UserService/Login', nothing, { text: true, raw: `${'a'.repeat(44)}!` });
    expect(bad.trailers['chat-reason']).toBe('malformed');
    const padded = await call('/chat.v1.UserService/Login', nothing, { text: true, raw: 'AA=='.repeat(65) });
    expect(padded.trailers['chat-reason']).toBe('malformed');
    const frame = [0, 0, 0, 0, 0].map((byte) => Buffer.of(byte).toString('base64')).join('');
    const pieces = await call('/chat.v1.ChannelService/List', nothing, { text: true, raw: frame, token: ann.token });
    expect(pieces.trailers['grpc-status']).toBe('0');
  });

  test('the bridge refuses a header that gRPC cannot carry', async () => {
    const headers = { 'chat-resume': '\u00e9' };
    const refused = await call('/chat.v1.UserService/Login', nothing, { headers });
    expect(refused).toMatchObject({ http: 400, trailers: { 'chat-reason': 'invalid-metadata' } });
  });

  test('the bridge survives a page that disconnects in the middle of a call', async () => {
    for (let n = 0; n < 30; n++) {
      const away = new AbortController();
      const going = webFetch(at('/chat.v1.ChannelService/List'), nothing, { token: ann.token, signal: away.signal });
      setTimeout(() => away.abort(), n % 5);
      await going.catch(() => {});
    }
    expect((await call('/chat.v1.ChannelService/List', nothing, { token: ann.token })).trailers['grpc-status']).toBe(
      '0',
    );
    expect(gateway.output).not.toMatch(/"level":"(error|fatal)"/);
  });
});

test('login attempts count by the address of the connection, not by the header of the page', async () => {
  const login = LoginRequest.encode(LoginRequest.fromPartial({ userId: 'x', password: 'not a horse' })).finish();
  const headers = { 'x-forwarded-for': '203.0.113.9' };
  await call('/chat.v1.UserService/Login', login, { headers });
  const rows = await trio.people.sql(`SELECT key FROM chat.rate WHERE key LIKE 'login-address%'`);
  expect(rows).toEqual([{ key: expect.stringContaining('127.0.0.1') }]);
});

test('the bridge takes the address of a page from a trusted proxy', async () => {
  const userService = await trio.startUserService({ PARLEY_PROXIES: '127.0.0.0/8' });
  const behind = await trio.startGateway({
    PARLEY_PROXIES: '127.0.0.0/8',
    PARLEY_USER_SERVICES: String(userService.grpc),
  });
  const login = LoginRequest.encode(LoginRequest.fromPartial({ userId: 'x', password: 'not a horse' })).finish();
  const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.77' };
  await webCall(`${behind.http}/chat.v1.UserService/Login`, login, { headers });
  const rows = await trio.people.sql(`SELECT key FROM chat.rate WHERE key LIKE 'login-address%203.0.113.77%'`);
  expect(rows).toHaveLength(1);
});

test('refuses half-sent requests beyond the memory budget, and serves others meanwhile', async () => {
  const { hostname, port } = new URL(String(gateway.http));
  const lines = ['POST /chat.v1.UserService/Login HTTP/1.1', 'host: x', 'content-type: application/grpc-web+proto'];
  const half = `${lines.join('\r\n')}\r\ncontent-length: 70000\r\n\r\n${'x'.repeat(69_000)}`;
  let refused = 0;
  const sockets = Array.from({ length: 1_200 }, () => {
    const socket = connect(Number(port), hostname, () => socket.write(half));
    return socket
      .on('error', () => {})
      .on('data', (text) => {
        if (text.includes('chat-reason: too-busy')) refused += 1;
      });
  });
  while (refused === 0) await pause(50);
  const listed = await call('/chat.v1.ChannelService/List', nothing, { token: ann.token });
  expect(listed.trailers['grpc-status']).toBe('0');
  for (const socket of sockets) socket.destroy();
});

test('every response has the header nosniff', async () => {
  for (const [path, status] of [
    ['/nothing', 404],
    ['/.well-known/jwks.json', 200],
    ['/', 200],
  ] as const) {
    const response = await fetch(at(path));
    expect([path, response.status, response.headers.get('x-content-type-options')]).toEqual([path, status, 'nosniff']);
  }
  const answer = await call('/chat.v1.ChannelService/List', nothing);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
});

describe('the route to a chat server', () => {
  const send = (token: string | undefined, headers?: Record<string, string>) =>
    call('/chat.v1.ChatService/Send', said('x'), { token, ...(headers && { headers }) });
  const claims = (route: unknown) =>
    ({
      sub: ann.id,
      num: ann.number,
      sid: ann.sessionId,
      ch: room,
      jti: randomUUID(),
      timestamp: Date.now(),
      route,
    }) as JoinClaims;
  const signed = (route: unknown) => key.sign(claims(route), randomUUID());

  /** Opens the stream of a page with a false route in its headers, and again if the services are overloaded. */
  async function enter(person: TestPerson, channelId: number) {
    const { token, server } = await trio.listenInTurn(person, channelId);
    const headers = { 'x-chat-route': Buffer.from(String(trio.chatServers[0]?.grpc)).toString('base64') };
    const page = new WebStream(at('/chat.v1.ChatService/Subscribe'), nothing, { token, headers });
    const welcomed = page.find(({ welcome }) => welcome !== undefined).then(() => undefined);
    welcomed.catch(() => {}); // The stream has ended first.
    const ended = await Promise.race([welcomed, page.ended]);
    if (ended === undefined) return { page, server, token };
    expect(stalled).toContain(ended['chat-reason']);
    return enter(person, channelId);
  }

  test('a call goes to the chat server in the token, no matter what headers a page sends', async () => {
    const people = await trio.people.makeMany(`p${tests}`, 12);
    const pages = await Promise.all(
      people.map(async (person, n) => {
        room = (await trio.create(person, `r ${tests} ${n}`)).id;
        return enter(person, room);
      }),
    );
    expect(new Set(pages.map(({ server }) => server?.addr)).size).toBeGreaterThan(1);
    for (const { token } of pages) expect((await send(token)).trailers['grpc-status']).toBe('0');
    for (const { page } of pages) page.cancel();
  });

  test('refuses a missing token, a user token and a damaged token', async () => {
    expect(await send(undefined)).toMatchObject({ http: 401, trailers: { 'grpc-status': '16' } });
    expect(await send(ann.token)).toMatchObject({ http: 401, trailers: { 'grpc-status': '16' } });
    const { token } = await listen();
    expect(await send(`${token.slice(0, -2)}xx`)).toMatchObject({ http: 401, trailers: { 'grpc-status': '16' } });
  });

  test.each([
    ['absent', undefined],
    ['a number', 7],
    ['empty', ''],
    ['a plain address', '127.0.0.1:50053'],
  ])('refuses a token whose route is %s', async (_name, route) => {
    expect(await send(await signed(route))).toMatchObject({
      http: 403,
      trailers: { 'grpc-status': '7', 'chat-reason': 'no-route' },
    });
  });

  test('the bridge does not dial a host that is not a chat server', async () => {
    for (const host of [String(trio.managers[0]?.grpc), '169.254.169.254:80', '127.0.0.1:22']) {
      const token = await signed(Buffer.from(host).toString('base64'));
      expect(await send(token)).toMatchObject({
        http: 503,
        trailers: { 'grpc-status': '14', 'chat-reason': 'unreachable' },
      });
    }
  });

  test('refuses a token of another server', async () => {
    const token = await signed(Buffer.from(String(trio.chatServers[0]?.grpc)).toString('base64'));
    expect(await send(token)).toMatchObject({
      http: 200,
      trailers: { 'grpc-status': '10', 'chat-reason': 'moved' },
    });
  });

  test.each([
    '/chat.v1.ChannelService/Report',
    '/ChannelService/Report',
    '/chat.v1.ChannelService/Locate',
    '/chat.v1.ChatService/Add',
    '/ChatService/Add',
    '/chat.v1.ChatService/Remove',
    '/ChatService/Remove',
    '/chat.v1.ChatService/Disconnect',
    '/chat.v1.ChatService/ShowReceipt',
    '/chat.v1.ChatService/Drain',
    '/chat.v1.ChatService/Relay',
    '/chat.v1.ChatService/Connect',
    '/chat.v1.AdminService/SetUser',
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    '/chat.v1.UserService/Login/',
    '//chat.v1.UserService/Login',
    '/chat.v1.UserService/%4cogin',
  ])('the bridge refuses the path %s as unknown', async (path) => {
    expect(await call(path, nothing)).toMatchObject({ http: 404, trailers: { 'grpc-status': '12' } });
  });
});

describe('pages of other origins', () => {
  const preflight = (origin: string) =>
    fetch(at('/chat.v1.UserService/Login'), {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-grpc-web' },
    });

  test('pages of other origins may call only if they are listed exactly', async () => {
    const listed = await preflight('https://chat.example.org');
    expect(listed.headers.get('access-control-allow-origin')).toBe('https://chat.example.org');
    expect(listed.headers.get('access-control-allow-headers')).toContain('authorization');
    for (const origin of ['null', 'https://chat.example.org.evil.example', 'http://chat.example.org', '*'])
      expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull();
    const refused = await call('/chat.v1.ChatService/Send', said('x'), {
      headers: { origin: 'https://chat.example.org' },
    });
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://chat.example.org');
    expect(refused.headers.get('access-control-expose-headers')).toContain('chat-reason');
  });
});
