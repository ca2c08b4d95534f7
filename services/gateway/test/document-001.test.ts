/**
 * Document 001, "Rust-based Chat Application with axum Framework", call by call: what its clients
 * send, and what they read. The events are in document-001-events.test.ts.
 */
import { type ServiceProcess, Trio } from '@parley/testkit';
import { request } from './rest-client.js';

let trio: Trio;
let gateway: ServiceProcess;
let names = 0;
const password = 'correct horse battery';
const jsonType = 'application/json; charset=utf-8';

beforeAll(async () => {
  trio = await Trio.start();
  await trio.startUserService();
  gateway = await trio.startGateway({ PARLEY_URL_TOKENS: 'on' });
});
afterAll(() => trio?.stop());

/** Claims that a client reads from its token with jwt-decode. */
interface Claims {
  readonly id: number;
  readonly wsId: number;
  readonly wsName: string;
  readonly username: string;
  readonly fullname: string;
  readonly email: string;
  readonly createdAt: string;
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly aud: string;
}

function claimsOf(token: string): Claims {
  const parts = token.split('.');
  expect(parts).toHaveLength(3);
  return JSON.parse(Buffer.from(String(parts[1]), 'base64url').toString());
}

const call = (method: string, path: string, json?: unknown, token?: string) =>
  request(`${gateway.http}/api${path}`, method, { ...(json !== undefined && { json }), ...(token && { token }) });

/** A client with an account. */
class Client {
  readonly token: string;
  readonly claims: Claims;

  private constructor(token: string) {
    this.token = token;
    this.claims = claimsOf(token);
  }

  static async signUp(name: string): Promise<Client> {
    const email = `${name}-${++names}@acme.org`;
    const { json } = await call('POST', '/signup', { email, fullname: name, password, workspace: 'acme' });
    return new Client(json.token);
  }

  get id(): number {
    return this.claims.id;
  }

  call(method: string, path: string, json?: unknown) {
    return call(method, path, json, this.token);
  }

  async chat(fields: object): Promise<number> {
    return (await this.call('POST', '/chats', fields)).json.id;
  }
}

test('2, 15. POST /signup: 201 with a token; the name is username or fullname, and workspace is accepted', async () => {
  for (const field of ['username', 'fullname']) {
    const email = `${field}@acme.org`;
    const { status, json, headers } = await call('POST', '/signup', {
      ...{ email, [field]: 'Tyr Chen', password, workspace: 'acme' },
    });
    expect([status, Object.keys(json), headers.get('content-type')]).toEqual([201, ['token'], jsonType]);
    const { exp, iat, ...claims } = claimsOf(json.token);
    expect(claims).toMatchObject({
      ...{ id: expect.any(Number), wsId: 1, wsName: 'parley', username: 'Tyr Chen', fullname: 'Tyr Chen', email },
      ...{ createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), iss: expect.any(String) },
    });
    const days = (exp - iat) / 86_400;
    expect(Math.round(days)).toBe(7);
  }
});

test('POST /signup with a taken address: 409 and the text that names it, in any case of letters', async () => {
  for (const email of ['username@acme.org', 'UserName@ACME.org']) {
    const { status, text } = await call('POST', '/signup', { email, username: 'Another', password });
    expect([status, text]).toEqual([409, `{"error":"Email already exists: ${email}"}`]);
  }
});

test('POST /signup with bad fields: 4xx with {"error": text}, and nothing is stored', async () => {
  const good = { email: 'x@acme.org', username: 'X', password };
  const bad: [fields: object, status: number][] = [
    [{ ...good, email: undefined }, 422],
    [{ ...good, username: undefined }, 422],
    [{ ...good, password: 7 }, 422],
    [{ ...good, email: 'no address' }, 400],
    [{ ...good, email: '' }, 400],
    [{ ...good, password: 'short' }, 400],
    [{ ...good, username: 'x'.repeat(65) }, 400],
  ];
  for (const [fields, wanted] of bad) {
    const { status, json } = await call('POST', '/signup', fields);
    expect([fields, status, json]).toEqual([fields, wanted, { error: expect.any(String) }]);
  }
  expect((await call('POST', '/signup', good)).status).toBe(201);
});

test('2, 16. POST /signin: 200 with a token; a wrong password or address: 403 and the text that clients know', async () => {
  const { status, json } = await call('POST', '/signin', { email: 'Fullname@acme.org', password });
  expect([status, claimsOf(json.token)]).toEqual([200, expect.objectContaining({ fullname: 'Tyr Chen' })]);
  for (const credentials of [
    { email: 'fullname@acme.org', password: 'wrong password' },
    { email: 'nobody@acme.org', password },
  ]) {
    const wrong = await call('POST', '/signin', credentials);
    expect([wrong.status, wrong.text]).toEqual([403, '{"error":"Invalid email or password"}']);
    expect(wrong.headers.get('content-type')).toBe('application/json');
  }
});

test('POST /signin: a user of the other doors signs in with an id, or with an address that an operator has verified', async () => {
  const account = { user_id: 'native', password, name: 'Native', email: 'native@acme.org' };
  await request(`${gateway.http}/api/v1/accounts`, 'POST', { json: account });
  expect((await call('POST', '/signin', { email: 'native', password })).status).toBe(200);
  expect((await call('POST', '/signin', { email: 'native@acme.org', password })).status).toBe(403);
  await trio.people.sql("UPDATE chat.users SET email_verified = true WHERE id = 'native'");
  const { json } = await call('POST', '/signin', { email: 'native@acme.org', password });
  expect(claimsOf(json.token)).toMatchObject({ username: 'Native', email: 'native@acme.org' });
});

test('28. a token is checked on every protected call, in the header or in ?token=: without one 401 text, a bad one 403 text', async () => {
  const ann = await Client.signUp('ann');
  const inUrl = await call('GET', `/users?token=${ann.token}`);
  expect(inUrl.status).toBe(200);
  const [head = '', payload = '', signature = ''] = ann.token.split('.');
  const forged = Buffer.from(JSON.stringify({ ...ann.claims, id: 1 })).toString('base64url');
  for (const [method, path] of [
    ...[
      ['GET', '/users'],
      ['GET', '/chats'],
      ['POST', '/chats'],
      ['GET', '/chats/1'],
      ['PATCH', '/chats/1'],
    ],
    ...[
      ['DELETE', '/chats/1'],
      ['POST', '/chats/1'],
      ['GET', '/chats/1/messages'],
      ['POST', '/upload'],
      ['GET', '/files/x'],
    ],
  ] as [string, string][]) {
    const missing = await call(method, path);
    expect([method, path, missing.status]).toEqual([method, path, 401]);
    expect(missing.headers.get('content-type')).toMatch(/^text\/plain/);
    for (const token of ['not.a.token', `${head}.${forged}.${signature}`, `${head}.${payload}.AAAA`]) {
      const bad = await call(method, path, undefined, token);
      expect([method, path, bad.status]).toEqual([method, path, 403]);
      expect(bad.headers.get('content-type')).toMatch(/^text\/plain/);
    }
  }
});

test('only this door issues tokens with these claims, and a token of another door works here too', async () => {
  const ann = await Client.signUp('ann');
  const plain = await trio.people.make('plain-001');
  expect((await call('GET', '/chats', undefined, plain.token)).json).toEqual([]);
  const { session } = ann.claims as unknown as { session: string };
  expect(claimsOf(session)).not.toHaveProperty('email');
});

test('9, 10. GET /users: a bare array of everybody, with the own address and no other', async () => {
  const [ann, bob] = [await Client.signUp('ann'), await Client.signUp('bob')];
  const { status, json, headers } = await ann.call('GET', '/users');
  expect([status, Array.isArray(json)]).toEqual([200, true]);
  const users = json as unknown as { id: number }[];
  expect(users).toContainEqual({ id: bob.id, username: 'bob', fullname: 'bob', email: '' });
  expect(users).toContainEqual({ id: ann.id, username: 'ann', fullname: 'ann', email: ann.claims.email });
  expect(headers.get('x-server-time')).toMatch(/^\d+us$/);
  expect(headers.get('x-request-id')).toMatch(/^[\w-]+$/);
});

test('4, 5, 17. POST /chats: the kind follows from name, members and public; 201 with type and chatType', async () => {
  const [ann, bob, cy] = [await Client.signUp('ann'), await Client.signUp('bob'), await Client.signUp('cy')];
  const [two, three] = [
    [ann.id, bob.id],
    [ann.id, bob.id, cy.id],
  ];
  const cases: [fields: object, type: string, name: string | null, members: number[]][] = [
    [{ members: two, public: false }, 'single', null, two],
    [{ type: 'single', user_id: cy.id }, 'single', null, [ann.id, cy.id]],
    [{ members: three, public: false }, 'group', null, three],
    [{ name: 'team', members: two, public: false, type: 'privateChannel', wsId: 7 }, 'privateChannel', 'team', two],
    [{ name: 'town', members: three, public: true, chatType: 'publicChannel' }, 'publicChannel', 'town', three],
    [{ name: 'hall', members: two, type: 'public_channel' }, 'publicChannel', 'hall', two],
  ];
  for (const [fields, type, name, members] of cases) {
    const { status, json } = await ann.call('POST', '/chats', fields);
    const createdAt = expect.stringMatching(/Z$/);
    expect([fields, status, json]).toEqual([
      fields,
      201,
      {
        ...{ id: expect.any(Number), wsId: 1, name, type, chatType: type, members, createdAt },
        ...{ description: '', users: members, created_at: createdAt },
      },
    ]);
  }
});

test('POST /chats with bad members or names: 400 with {"error": text}, and no chat is left', async () => {
  const [ann, bob] = [await Client.signUp('ann'), await Client.signUp('bob')];
  const many = await Promise.all(Array.from({ length: 8 }, (_, n) => Client.signUp(`many-${n}`)));
  const bad: object[] = [
    { members: [ann.id] },
    { members: [] },
    {},
    { members: [bob.id, many[0]?.id] },
    { members: [ann.id, 2_000_000_000] },
    { members: [ann.id, bob.id, 2_000_000_000], name: 'team' },
    { members: [ann.id, bob.id], name: 'ab' },
    { members: [ann.id, ...many.map(({ id }) => id)] },
  ];
  for (const fields of bad) {
    const { status, json } = await ann.call('POST', '/chats', fields);
    expect([fields, status, json]).toEqual([fields, 400, { error: expect.any(String) }]);
  }
  expect((await ann.call('GET', '/chats')).json).toEqual([]);
  expect((await ann.call('POST', '/chats', { members: [ann.id, 'bob'] })).status).toBe(422);
});

test('a user who cannot be added is a 400, and the chat that was begun is gone', async () => {
  const [ann, bob, cy] = [await Client.signUp('ann'), await Client.signUp('bob'), await Client.signUp('cy')];
  const { session } = bob.claims as unknown as { session: string };
  const annId = (await request(`${gateway.http}/api/v1/users?text=${ann.id}`, 'GET', { token: session }))
    .json as unknown as {
    users: { id: string }[];
  };
  const block = `${gateway.http}/api/v1/users/${annId.users[0]?.id}/block`;
  expect((await request(block, 'PUT', { token: session })).status).toBe(204);
  const made = await ann.call('POST', '/chats', { name: 'team', members: [ann.id, cy.id, bob.id] });
  expect([made.status, made.json]).toEqual([400, { error: expect.any(String) }]);
  expect([(await ann.call('GET', '/chats')).json, (await cy.call('GET', '/chats')).json]).toEqual([[], []]);
});

test('11, 12, 18. GET /chats and GET /chats/:id: the chats of the caller; of others 400, unknown ones 404', async () => {
  const [ann, bob, cy] = [await Client.signUp('ann'), await Client.signUp('bob'), await Client.signUp('cy')];
  const group = await ann.chat({ members: [ann.id, bob.id, cy.id] });
  const town = await ann.chat({ name: 'town', members: [ann.id, cy.id], public: true });
  const single = await ann.chat({ members: [ann.id, bob.id] });
  const { json } = await bob.call('GET', '/chats');
  const chats = json as unknown as { id: number; type: string; members: number[]; name: string | null }[];
  expect(chats.map(({ id, type, members, name }) => [id, type, name, members])).toEqual([
    [single, 'single', null, [ann.id, bob.id]],
    [group, 'group', null, [ann.id, bob.id, cy.id]],
  ]);
  expect((await bob.call('GET', `/chats/${single}`)).json).toEqual(chats[0]);
  expect((await bob.call('GET', `/chats/${town}`)).status).toBe(400);
  expect((await bob.call('GET', '/chats/2000000000')).status).toBe(404);
});

test('19. PATCH /chats/:id: name, publicity, and members as a full list; members who cannot be replaced are refused', async () => {
  const [ann, bob, cy] = [await Client.signUp('ann'), await Client.signUp('bob'), await Client.signUp('cy')];
  const id = await ann.chat({ name: 'team', members: [ann.id, bob.id] });
  const change = async (fields: object) => {
    const { status, json } = await ann.call('PATCH', `/chats/${id}`, fields);
    return { status, ...(json as unknown as { name: string; type: string; members: number[] }) };
  };
  expect(await change({ name: 'crew' })).toMatchObject({ status: 200, name: 'crew', members: [ann.id, bob.id] });
  expect(await change({ public: true })).toMatchObject({ status: 200, type: 'publicChannel' });
  expect(await change({ members: [ann.id, cy.id] })).toMatchObject({ status: 200, members: [ann.id, cy.id] });
  expect(await change({ type: 'private_channel' })).toMatchObject({ status: 200, type: 'privateChannel' });
  for (const members of [[ann.id], [bob.id, cy.id], [ann.id, 2_000_000_000]])
    expect([members, (await change({ members })).status]).toEqual([members, 400]);
  expect(await change({})).toMatchObject({ status: 200, name: 'crew', members: [ann.id, cy.id] });
  expect((await cy.call('PATCH', `/chats/${id}`, { name: 'mine' })).status).toBe(400);
  expect((await bob.call('PATCH', `/chats/${id}`, { name: 'mine' })).status).toBe(404);
});

test('DELETE /chats/:id: 204 for the owner; others are refused, and not with a status that signs them out', async () => {
  const [ann, bob] = [await Client.signUp('ann'), await Client.signUp('bob')];
  const id = await ann.chat({ name: 'team', members: [ann.id, bob.id] });
  const refused = await bob.call('DELETE', `/chats/${id}`);
  expect([refused.status, refused.json]).toEqual([400, { error: expect.any(String) }]);
  const deleted = await ann.call('DELETE', `/chats/${id}`);
  expect([deleted.status, deleted.text]).toEqual([204, '']);
  expect((await ann.call('GET', `/chats/${id}`)).status).toBe(404);
});

test('13, 14, 20. POST /chats/:id and /chats/:id/messages: 201 with the message; empty content and files are 400', async () => {
  const [ann, bob] = [await Client.signUp('ann'), await Client.signUp('bob')];
  const id = await ann.chat({ members: [ann.id, bob.id] });
  for (const [path, body] of [
    [`/chats/${id}`, { chatId: id, content: '你好\nworld', files: [] }],
    [`/chats/${id}/messages`, { content: '你好\nworld' }],
  ] as const) {
    const { status, json } = await ann.call('POST', path, body);
    const createdAt = expect.stringMatching(/Z$/);
    expect([status, json]).toEqual([
      201,
      {
        ...{ id: expect.any(Number), chatId: id, senderId: ann.id, content: '你好\nworld', files: [], createdAt },
        ...{ user_id: ann.id, chat_id: id, created_at: createdAt },
      },
    ]);
  }
  for (const body of [{ content: '' }, { content: ' \n' }, { content: 'x', files: ['file1.png'] }])
    expect([body, (await ann.call('POST', `/chats/${id}`, body)).status]).toEqual([body, 400]);
  expect((await ann.call('POST', `/chats/${id}`, { files: [] })).status).toBe(422);
  expect((await ann.call('POST', `/chats/${id}`, { content: 'x'.repeat(65_537) })).status).toBe(413);
});

test('6, 22. POST /upload and GET /files: parts of any name or none, paths in the message, read by its members', async () => {
  const [ann, bob, cy] = [await Client.signUp('ann'), await Client.signUp('bob'), await Client.signUp('cy')];
  const id = await ann.chat({ members: [ann.id, bob.id] });
  const part = (disposition: string, text: string) =>
    `--x\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${text}\r\n`;
  const body = `${part('name="files"; filename="a.txt"', 'one')}${part('filename="b.txt"', 'two')}--x--\r\n`;
  const headers = { 'content-type': 'multipart/form-data; boundary=x' };
  const uploaded = await request(`${gateway.http}/api/upload`, 'POST', { token: ann.token, headers, body });
  const paths = uploaded.json as unknown as string[];
  expect([uploaded.status, paths]).toEqual([200, Array(2).fill(expect.stringMatching(/^\/files\/[\w-]{36}$/))]);
  const sent = await ann.call('POST', `/chats/${id}`, { content: '', files: paths });
  expect([sent.status, sent.json]).toEqual([201, expect.objectContaining({ content: '', files: paths })]);
  expect((await bob.call('GET', `/chats/${id}/messages`)).json).toMatchObject([{ files: paths }]);
  const shown = await fetch(`${gateway.http}/api${paths[1]}?token=${bob.token}`);
  expect([shown.status, await shown.text()]).toEqual([200, 'two']);
  expect((await cy.call('GET', String(paths[0]))).status).toBe(404);
  expect((await bob.call('POST', `/chats/${id}`, { content: 'mine', files: paths })).status).toBe(400);
});

test('21. GET /chats/:id/messages: a bare array, the newest first, below last_id, at most 100', async () => {
  const [ann, bob] = [await Client.signUp('ann'), await Client.signUp('bob')];
  const id = await ann.chat({ name: 'long', members: [ann.id, bob.id] });
  for (let n = 1; n <= 105; n++) await ann.call('POST', `/chats/${id}`, { content: `m${n}` });
  const read = async (query: string) => {
    const { json } = await bob.call('GET', `/chats/${id}/messages${query}`);
    return json as unknown as { id: number; content: string }[];
  };
  const all = await read('');
  expect([all.length, all[0]?.content, all.at(-1)?.content]).toEqual([100, 'm105', 'm6']);
  const page = await read('?limit=3');
  expect(page.map(({ content }) => content)).toEqual(['m105', 'm104', 'm103']);
  const next = await read(`?last_id=${page.at(-1)?.id}&limit=3`);
  expect(next.map(({ content }) => content)).toEqual(['m102', 'm101', 'm100']);
  expect((await read('?limit=1000')).length).toBe(100);
  expect((await read(`?limit=0&last_id=${all.at(-1)?.id}`)).map(({ content }) => content)).toEqual([
    'm5',
    'm4',
    'm3',
    'm2',
    'm1',
  ]);
  expect((await bob.call('GET', `/chats/${id}/messages?limit=-1`)).status).toBe(422);
});

test('errors of HTTP itself: unknown paths 404, methods 405 with Allow, media types 415, syntax 400', async () => {
  const ann = await Client.signUp('ann');
  expect((await ann.call('GET', '/nothing')).status).toBe(404);
  const wrong = await ann.call('PUT', '/chats', {});
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, POST, HEAD, OPTIONS']);
  const raw = (body: string, type: string) =>
    request(`${gateway.http}/api/signin`, 'POST', { body, headers: { 'content-type': type } });
  expect((await raw('email=x', 'application/x-www-form-urlencoded')).status).toBe(415);
  expect(await raw('{"email":', 'application/json')).toMatchObject({
    status: 400,
    json: { error: expect.any(String) },
  });
});

test('a password of 6 common characters is refused, unless the rules are lax', async () => {
  const account = { email: 'tchen@acme.org', fullname: 'Tyr Chen', password: '123456' };
  expect((await call('POST', '/signup', account)).status).toBe(400);
  const lax = await trio.startUserService({ PARLEY_PASSWORD_RULES: 'lax' });
  const other = await trio.startGateway({ PARLEY_USER_SERVICES: lax.grpc });
  const send = (path: string, json: object) => request(`${other.http}/api${path}`, 'POST', { json });
  expect((await send('/signup', { ...account, password: '12345' })).status).toBe(400);
  expect((await send('/signup', account)).status).toBe(201);
  expect((await send('/signin', account)).status).toBe(200);
  expect((await call('POST', '/signin', account)).status).toBe(200);
});
