import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { type ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import { restForm } from '../src/rest/rest-form.js';
import { type RestOptions, type RestResponse, request } from './rest-client.js';

let trio: Trio;
let gateway: ServiceProcess;
let ann: TestPerson;
const origin = 'https://chat.example.org';

beforeAll(async () => {
  trio = await Trio.start();
  await trio.startUserService();
  gateway = await trio.startGateway({ PARLEY_ORIGINS: origin });
  ann = await trio.people.make('ann');
});
afterAll(() => trio?.stop());

const send = (method: string, path: string, options: RestOptions = {}): Promise<RestResponse> =>
  request(`${gateway.http}/api/v1${path}`, method, options);
const asAnn = (method: string, path: string, options: RestOptions = {}) =>
  send(method, path, { token: ann.token, ...options });

/** Checks that a response is a problem with this status and reason. */
function expectProblem(response: RestResponse, status: number, reason: string): void {
  expect([response.status, response.json.reason]).toEqual([status, reason]);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.json).toMatchObject({ status, type: `urn:parley:reason:${reason}`, detail: expect.any(String) });
}

const anyPath = (path: string) => path.replace('{user_id}', 'nobody').replaceAll(/\{\w+\}/g, '1');

test('every route that needs a token refuses a request without one, before it reads the body', async () => {
  for (const { method, path } of restForm.routes.filter(({ isPublic }) => !isPublic)) {
    const options = method === 'GET' || method === 'DELETE' ? {} : { json: {} };
    const missing = await send(method, anyPath(path), options);
    expectProblem(missing, 401, 'unauthenticated');
    expect(missing.headers.get('www-authenticate')).toBe('Bearer');
    expectProblem(await send(method, anyPath(path), { token: 'e30.e30.e30', ...options }), 401, 'invalid-token');
  }
});

test('a method that a path does not have is 405, with the methods that it has', async () => {
  const paths = new Set(restForm.routes.map(({ path }) => path));
  for (const path of paths) {
    const has = new Set<string>(restForm.routes.filter((one) => one.path === path).map(({ method }) => method));
    const unknown = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PURGE'].filter((method) => !has.has(method));
    for (const method of unknown) {
      const response = await asAnn(method, anyPath(path));
      expectProblem(response, 405, 'wrong-method');
      const allow = String(response.headers.get('allow')).split(', ');
      expect(allow.sort()).toEqual([...has, ...(has.has('GET') ? ['HEAD'] : []), 'OPTIONS'].sort());
    }
  }
  expectProblem(await asAnn('GET', '/no/such/path'), 404, 'unknown-path');
  expectProblem(await asAnn('GET', '/channels/%ff'), 404, 'unknown-path');
});

test('each field of a request is checked, and the response says which one is wrong', async () => {
  const cases: [method: string, path: string, json: unknown, pointer: string | undefined][] = [
    ['POST', '/channels', {}, '#/name'],
    ['POST', '/channels', { name: 5 }, '#/name'],
    ['POST', '/channels', { name: 'x', kind: 'direct' }, '#/kind'],
    ['POST', '/channels', { name: 'x', colour: 'red' }, '#'],
    ['POST', '/channels', { name: 'x', limit: 1.5 }, '#/limit'],
    ['POST', '/channels', { name: 'x', retention: { keep: 'seconds', seconds: -1 } }, '#/retention/seconds'],
    ['POST', '/channels', [], '#'],
    ['POST', '/channels', null, '#'],
    ['POST', '/channels', JSON.parse('{"name":"x","__proto__":{"kind":"room"}}'), '#'],
    ['POST', '/channels/0/messages', { text: 'x' }, '#/channel_id'],
    ['POST', '/channels/2147483648/messages', { text: 'x' }, '#/channel_id'],
    ['POST', '/channels/one/messages', { text: 'x' }, '#/channel_id'],
    ['POST', '/channels/1/messages', { text: 'x', data: 'eA==' }, undefined],
    ['POST', '/channels/1/messages', {}, undefined],
    ['POST', '/channels/1/messages', { data: '%' }, '#/data'],
    ['POST', '/channels/1/messages', { text: 'x', mentions: Array(51).fill('a') }, '#/mentions'],
    ['PATCH', '/channels/1/members/ann', {}, undefined],
    ['PATCH', '/channels/1/members/ann', { mute_until: 'soon' }, '#/mute_until'],
    ['PATCH', '/channels/1/members/ann', { ban_until: '0020-02-29T00:00:00Z' }, undefined],
    ['POST', '/channels/1/invites', { expires_at: '1969-12-31T23:59:59Z' }, undefined],
    ['GET', '/messages?text=a&sent_after=0020-02-29T00:00:00Z', undefined, undefined],
    ['PUT', '/channels/1/notify', { notify: 'loud' }, '#/notify'],
    ['GET', '/users', undefined, '#/text'],
    ['GET', '/users?text=a&size=101', undefined, '#/size'],
    ['GET', '/users?text=a&text=b', undefined, '#/text'],
    ['GET', '/users?text=a&colour=red', undefined, '#'],
    ['GET', '/users/%2e%2e%2fadmin', undefined, '#/user_id'],
    ['GET', '/channels?mine=yes', undefined, '#/mine'],
    ['GET', '/channels/1/messages/0', undefined, '#/seq'],
    ['DELETE', '/sessions/mine', undefined, '#/session_id'],
  ];
  for (const [method, path, json, pointer] of cases) {
    const response = await asAnn(method, path, json === undefined ? {} : { json });
    expect([method, path, json, response.status]).toEqual([method, path, json, 400]);
    expect([path, response.json.errors?.[0]?.pointer]).toEqual([path, pointer]);
  }
});

test('a body that is not JSON, is too large, is compressed or has another type is refused', async () => {
  const json = { 'content-type': 'application/json' };
  const post = (options: RestOptions) => asAnn('POST', '/channels', { headers: json, ...options });
  expectProblem(await post({ body: '{"name":' }), 400, 'malformed');
  expectProblem(await post({ body: Buffer.from('7b226e616d65223a22ff227d', 'hex') }), 400, 'malformed');
  expectProblem(await post({ body: '['.repeat(60_000) }), 400, 'malformed');
  expectProblem(await post({ body: JSON.stringify({ name: 'x'.repeat(10_000_000) }) }), 413, 'message-too-large');
  expectProblem(await asAnn('POST', '/channels', { body: 'name=x' }), 415, 'wrong-media-type');
  for (const type of ['text/json', 'application/json; charset=utf-16', 'application/jsonx'])
    expectProblem(await post({ body: '{"name":"x"}', headers: { 'content-type': type } }), 415, 'wrong-media-type');
  expectProblem(await post({ body: '{}', headers: { ...json, 'content-encoding': 'gzip' } }), 415, 'wrong-media-type');
  for (const accept of ['text/html', 'application/xml, text/*'])
    expectProblem(await asAnn('GET', '/me', { headers: { accept } }), 406, 'not-acceptable');
  for (const accept of ['*/*', 'text/html, application/json;q=0.5', 'application/*'])
    expect((await asAnn('GET', '/me', { headers: { accept } })).status).toBe(200);
});

test('a message of the maximum size is accepted even in its longest JSON form', async () => {
  const { id } = (await asAnn('POST', '/channels', { json: { name: 'long', kind: 'group' } })).json;
  const escaped = `{"text":"${'\\u0001'.repeat(65_536)}"}`;
  const headers = { 'content-type': 'application/json' };
  const sent = await asAnn('POST', `/channels/${id}/messages`, { headers, body: escaped });
  expect(sent.status).toBe(201);
  const { text } = (await asAnn('GET', `/channels/${id}/messages/${sent.json.seq}`)).json;
  expect(text).toBe('\u0001'.repeat(65_536));
  const longer = { json: { text: 'x'.repeat(65_537) } };
  expectProblem(await asAnn('POST', `/channels/${id}/messages`, longer), 413, 'message-too-large');
});

test('HEAD is GET without a body, and OPTIONS names the methods', async () => {
  const [get, head] = [await asAnn('GET', '/me'), await asAnn('HEAD', '/me')];
  expect([head.status, head.text]).toEqual([200, '']);
  for (const name of ['etag', 'content-length', 'content-type'])
    expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
  const options = await send('OPTIONS', '/me');
  expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, PATCH, HEAD, OPTIONS']);
});

test('pages of the listed origins may call, and no others', async () => {
  const preflight = (from: string) =>
    send('OPTIONS', '/me', {
      headers: {
        ...{ origin: from, 'access-control-request-method': 'PATCH' },
        'access-control-request-headers': 'authorization, content-type',
      },
    });
  const { status, headers } = await preflight(origin);
  expect([status, headers.get('access-control-allow-origin')]).toEqual([200, origin]);
  expect(headers.get('access-control-allow-methods')).toContain('PATCH');
  expect(headers.get('access-control-allow-headers')).toContain('idempotency-key');
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  const read = await asAnn('GET', '/me', { headers: { origin } });
  expect(read.headers.get('access-control-expose-headers')).toContain('etag');
});

test('a request has an id, and its caller learns the rate that is left', async () => {
  const named = await asAnn('GET', '/me', { headers: { 'x-request-id': 'my-id.1' } });
  expect(named.headers.get('x-request-id')).toBe('my-id.1');
  const forged = await asAnn('GET', '/me', { headers: { 'x-request-id': 'a b' } });
  expect(forged.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(forged.headers.get('ratelimit-policy')).toBe('"requests";q=600;w=10');
  expect(forged.headers.get('ratelimit')).toMatch(/^"requests";r=\d+;t=\d+$/);
});

test('a caller beyond the rate is refused with the time to wait, and other callers are not', async () => {
  const bob = await trio.people.make('bob');
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const headers = { authorization: `Bearer ${bob.token}` };
  const ask = async () => {
    const [response] = await once(get(`${gateway.http}/api/v1/me`, { agent, headers }), 'response');
    await once(response.resume(), 'end');
  };
  const asBob = () => send('GET', '/me', { token: bob.token });
  let refused = await asBob();
  while (refused.status !== 429) {
    await Promise.all(Array.from({ length: 700 }, ask));
    refused = await asBob();
  }
  agent.destroy();
  expectProblem(refused, 429, 'read-too-often');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(refused.json.retry_after_ms).toBeGreaterThan(0);
  expect((await asAnn('GET', '/me')).status).toBe(200);
});

test('a client that pipelines requests and leaves does no harm', async () => {
  const socket = connect(Number(new URL(gateway.http).port), '127.0.0.1').on('error', () => {});
  const head = `GET /api/v1/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ann.token}\r\n\r\n`;
  socket.write(head.repeat(50));
  await new Promise((resolve) => socket.once('data', resolve));
  socket.destroy();
  expect((await asAnn('GET', '/me')).status).toBe(200);
});

test('the OpenAPI document has every route, and no schema without a definition', async () => {
  const response = await fetch(`${gateway.http}/api/v1/openapi.json`);
  const text = await response.text();
  const document = JSON.parse(text);
  expect(document.openapi).toBe('3.1.0');
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(operations.sort()).toEqual(restForm.routes.map(({ method, path }) => `${method} /api/v1${path}`).sort());
  const used = new Set(Array.from(text.matchAll(/"#\/components\/schemas\/(\w+)"/g), ([, name]) => name));
  expect([...used].filter((name) => document.components.schemas[String(name)] === undefined)).toEqual([]);
  expect(used.size).toBeGreaterThan(8);
  const ids = Object.values(document.paths).flatMap((path) =>
    Object.values(path as object).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

test('the page of the documentation loads only its own files', async () => {
  const page = await fetch(`${gateway.http}/api/v1/docs`);
  const html = await page.text();
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self';");
  for (const [, path] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const file = await fetch(`${gateway.http}${path}`);
    expect([path, file.status]).toEqual([path, 200]);
    const bytes = Buffer.from(await file.arrayBuffer());
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    expect(file.headers.get('etag')).toBe(etag);
  }
});
