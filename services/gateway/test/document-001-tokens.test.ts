import { readFile } from 'node:fs/promises';
/**
 * Document 001: the places where the door finds a token, and those that a token must never reach.
 */
import { type ServiceProcess, Trio } from '@parley/testkit';
import { request } from './rest-client.js';

let trio: Trio;
let gateway: ServiceProcess;
/** Origins of the page and of the installed app of clients of the document. */
const [page, app] = ['http://localhost:1420', 'tauri://localhost'];
const password = 'correct horse battery';

beforeAll(async () => {
  trio = await Trio.start();
  await trio.startUserService();
  gateway = await trio.startGateway({ PARLEY_URL_TOKENS: 'on', PARLEY_ORIGINS: `${page},${app}` });
});
afterAll(() => trio?.stop());

/** Returns the token of a new account. */
async function signUp(): Promise<string> {
  const json = { email: 'ann@acme.org', fullname: 'ann', password };
  return (await request(`${gateway.http}/api/signup`, 'POST', { json })).json.token;
}

test('no token reaches the log, although clients write it into URLs', async () => {
  const token = await signUp();
  await request(`${gateway.http}/api/chats?token=${token}`, 'GET');
  await request(`${gateway.http}/api/chats/1?token=${token}`, 'GET');
  expect(gateway.output).not.toContain(token);
  const verbose = await trio.startGateway({ PARLEY_URL_TOKENS: 'on', PARLEY_LOG_LEVEL: 'trace' });
  await request(`${verbose.http}/api/chats?token=${token}`, 'GET');
  await request(`${verbose.http}/events?token=nonsense.${token}`, 'GET');
  await verbose.stop(); // All output has arrived then.
  expect(verbose.output).toContain('GET /api/chats');
  expect(verbose.output).not.toContain(token);
});

test('a page of a listed origin sends every call, and reads every response, refusals too; so does an app', async () => {
  const json = { email: 'page@acme.org', username: 'page', password };
  const { token } = (await request(`${gateway.http}/api/signup`, 'POST', { json })).json;
  const calls: [method: string, path: string, status: number][] = [
    ['POST', '/api/signup', 409],
    ['POST', '/api/signin', 200],
    ['GET', `/api/users?token=${token}`, 200],
    ['GET', `/api/chats?token=${token}`, 200],
    ['POST', `/api/chats?token=${token}`, 400],
    ['GET', `/api/chats/2000000000?token=${token}`, 404],
    ['PATCH', `/api/chats/2000000000?token=${token}`, 404],
    ['DELETE', `/api/chats/2000000000?token=${token}`, 404],
    ['POST', `/api/chats/2000000000?token=${token}`, 404],
    ['POST', `/api/chats/2000000000/messages?token=${token}`, 404],
    ['GET', `/api/chats/2000000000/messages?last_id=&limit=&token=${token}`, 404],
    ['POST', `/api/upload?token=${token}`, 415],
    ['GET', `/api/files/none?token=${token}`, 404],
    ['GET', '/api/chats', 401],
    ['GET', '/api/chats?token=x', 403],
    ['GET', '/events', 401],
    ['GET', '/events?token=x', 403],
  ];
  const body = { ...json, content: 'x', members: [] };
  for (const origin of [page, app])
    for (const [method, path, status] of calls) {
      const preflight = await request(`${gateway.http}${path}`, 'OPTIONS', {
        headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'authorization' },
      });
      const allowed = preflight.headers.get('access-control-allow-methods');
      expect([path, preflight.status, allowed]).toEqual([path, 200, expect.stringContaining(method)]);
      expect(preflight.headers.get('access-control-allow-headers')).toMatch(/authorization, content-type/);
      const headers = { origin, 'x-request-id': 'mine' };
      const sent = await request(`${gateway.http}${path}`, method, {
        headers,
        ...(method !== 'GET' && { json: body }),
      });
      const [from, id] = [sent.headers.get('access-control-allow-origin'), sent.headers.get('x-request-id')];
      expect([method, path, sent.status, from, id]).toEqual([method, path, status, origin, 'mine']);
    }
});

describe('without PARLEY_URL_TOKENS', () => {
  let other: ServiceProcess;
  beforeAll(async () => {
    other = await trio.startGateway();
  });

  test('a token in a URL is ignored, and a browser gets a cookie that opens only what changes nothing', async () => {
    const email = 'cookie@acme.org';
    const send = (method: string, path: string, headers = {}, json?: object) =>
      request(`${other.http}/api${path}`, method, { headers, ...(json && { json }) });
    const made = await send('POST', '/signup', {}, { email, username: 'cookie', password });
    const { token } = made.json;
    const set = String(made.headers.get('set-cookie'));
    expect(set).toMatch(/^parley_001=[\w.-]+; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/);
    const cookie = String(set.split(';')[0]);
    expect((await send('GET', `/chats?token=${token}`)).status).toBe(401);
    expect((await send('GET', '/chats', { cookie })).status).toBe(200);
    expect((await send('HEAD', '/chats', { cookie })).status).toBe(200);
    expect((await send('GET', '/chats', { cookie, 'sec-fetch-site': 'cross-site' })).status).toBe(401);
    for (const [method, path] of [
      ['POST', '/chats'],
      ['PATCH', '/chats/1'],
      ['DELETE', '/chats/1'],
    ] as const)
      expect((await send(method, path, { cookie }, {})).status).toBe(401);
    const bearer = { cookie, authorization: `Bearer ${token}` };
    expect((await send('POST', '/chats', bearer, {})).status).toBe(400);
  });
});

test('docs/doors.md names each numbered line of the document, and tests are named after them', async () => {
  const read = (path: string) => readFile(new URL(`../../../../${path}`, import.meta.url), 'utf8');
  const numbersIn = (text: string, pattern: RegExp) =>
    [...text.matchAll(pattern)].flatMap(([, numbers = '']) => numbers.split(', ').map(Number));
  const [, from = ''] = (await read('docs/doors.md')).split('### Requirements of document 001');
  const named = numbersIn(from.split('\n## ')[0] ?? '', /^\| ([\d, ]+) \|/gm);
  const all = Array.from({ length: 29 }, (_, n) => n + 1);
  expect(named.sort((a, b) => a - b)).toEqual(all);
  const files = ['document-001', 'document-001-events'].map((name) => `services/gateway/test/${name}.test.ts`);
  const sources = await Promise.all([...files, 'packages/client/test/document-001-chats.test.ts'].map(read));
  const tested = new Set(numbersIn(sources.join('\n'), /test\('([\d, ]+)\. /g));
  expect(all.filter((one) => !tested.has(one))).toEqual([3]); // by the user-service
});
