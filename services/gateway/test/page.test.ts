import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { ListServersResponse } from '@parley/contract';
import { readSettings } from '@parley/runtime';
import { freePorts, type ServiceProcess, Trio, webCall } from '@parley/testkit';
import { readGatewayConfig } from '../src/config.js';

let trio: Trio;
let gateway: ServiceProcess;
let adminPage: string;
let folder: string;
/** Everything that the gateway sends back to a request that never completes. It ends while the other tests run. */
let unfinished: Promise<string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-page-'));
  await mkdir(join(folder, 'web/assets'), { recursive: true });
  await writeFile(join(folder, 'web/index.html'), `<!doctype html><title>Parley</title>${' '.repeat(500)}`);
  await writeFile(join(folder, 'web/assets/index-abc.js'), 'export {};');
  await writeFile(join(folder, 'web/assets/index-abc.js.map'), '{}');
  await writeFile(join(folder, 'web/worker.js'), 'self;');
  await writeFile(join(folder, 'web/manifest.webmanifest'), '{}');
  await writeFile(join(folder, 'secret'), 'hunter2');
  await symlink(join(folder, 'secret'), join(folder, 'web/link'));
  trio = await Trio.start();
  const first = await freePorts(2);
  const env = { PARLEY_WEB_DIR: join(folder, 'web'), PARLEY_ADMIN_PORT: `${first}` };
  const origins = { PARLEY_ORIGINS: 'https://chat.example.org' };
  gateway = await trio.startGateway({ ...env, ...origins, PARLEY_ADMIN_PAGE: `127.0.0.1:${first + 1}` });
  adminPage = `http://127.0.0.1:${first + 1}`;
  unfinished = sendUnfinished();
});
afterAll(async () => {
  await trio.stop();
  await rm(folder, { recursive: true });
});

/** Sends the path unchanged, not normalised as in a URL. */
function get(path: string, method = 'GET'): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(gateway.http);
  return new Promise((resolve, reject) => {
    const asked = request({ host: hostname, port, path, method }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on('error', reject).end();
  });
}

test('serves the page with security headers', async () => {
  const page = await fetch(`${gateway.http}/`);
  expect([page.status, page.headers.get('content-encoding')]).toEqual([200, 'gzip']);
  expect(await page.text()).toMatch(/^<!doctype html>/);
  expect(page.headers.get('content-security-policy')).toMatch(
    /default-src 'none';.*script-src 'self';.*frame-ancestors 'none'/,
  );
  expect(page.headers.get('content-security-policy')).not.toMatch(/unsafe|\*/);
  expect(page.headers.get('content-security-policy')).toContain("; media-src 'self' blob:;");
  expect(Object.fromEntries(page.headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(self)',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-cache',
  });
  const etag = page.headers.get('etag') ?? '';
  expect((await fetch(`${gateway.http}/?again`, { headers: { 'if-none-match': etag } })).status).toBe(304);
  const script = await fetch(`${gateway.http}/assets/index-abc.js`);
  expect(script.headers.get('cache-control')).toMatch(/immutable/);
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
});

test.each([
  ['/worker.js', 'text/javascript; charset=utf-8'],
  ['/manifest.webmanifest', 'application/manifest+json'],
])('serves %s so that a browser asks for it anew each time', async (path, type) => {
  const { headers } = await fetch(gateway.http + path);
  expect([headers.get('content-type'), headers.get('cache-control')]).toEqual([type, 'no-cache']);
  expect(headers.get('content-security-policy')).toMatch(/manifest-src 'self'; worker-src 'self';/);
  const etag = headers.get('etag') ?? '';
  expect((await fetch(gateway.http + path, { headers: { 'if-none-match': etag } })).status).toBe(304);
});

test.each([
  '/../secret',
  '/assets/../../secret',
  '/%2e%2e/secret',
  '/..%2fsecret',
  '//secret',
  '/link',
  '/assets/index-abc.js.map',
  '/assets',
  '/__proto__',
  '/metrics',
  '/healthz',
  '/admin',
  '/admin.html',
])('responds to %s with 404', async (path) => {
  expect(await get(path)).toEqual({ status: 404, body: 'Not found.\n' });
});

test('rejects methods other than GET and HEAD', async () => {
  expect((await get('/', 'POST')).status).toBe(404);
  expect((await get('/', 'DELETE')).status).toBe(404);
  expect(await get('/', 'HEAD')).toEqual({ status: 200, body: '' });
});

test('serves only the public halves of join token keys', async () => {
  const response = await fetch(`${gateway.http}/.well-known/jwks.json`);
  expect(response.headers.get('cache-control')).toBe('max-age=1');
  const { keys } = (await response.json()) as { keys: Record<string, unknown>[] };
  const stored = await trio.people.sql(
    `SELECT kid, public_jwk->>'x' AS x FROM chat.signing_key WHERE purpose = 'join'`,
  );
  const expected = stored.map(({ kid, x }) => ({ kid, kty: 'OKP', crv: 'Ed25519', x, alg: 'EdDSA', use: 'sig' }));
  expect(expected.length).toBeGreaterThan(0);
  expect(keys).toEqual(expected);
});

test('serves health, readiness and metrics on the ops port', async () => {
  const of = async (path: string) => (await fetch(`http://${gateway.admin}${path}`)).text();
  expect(await of('/healthz')).toBe('alive\n');
  expect(await of('/readyz')).toBe('No user-service can be reached.\n'); // None runs here.
  expect(await of('/metrics')).toMatch(/^parley_web_streams 0$/m);
});

describe('the port of the admin page', () => {
  const nothing = new Uint8Array();
  const listServers = '/chat.v1.AdminService/ListServers';
  const call = (path: string, token?: string) => webCall(`${adminPage}${path}`, nothing, { token });

  /** Returns the reason with which a call is refused. */
  async function reasonOf(path: string, token?: string): Promise<string | undefined> {
    return (await call(path, token)).trailers['chat-reason'];
  }

  test('serves the admin page, with the policy of the other page', async () => {
    const policy = (await fetch(`${gateway.http}/`)).headers.get('content-security-policy');
    for (const path of ['/', '/admin']) {
      const page = await fetch(adminPage + path);
      expect([page.status, page.headers.get('content-security-policy')]).toEqual([200, policy]);
      expect(await page.text()).toContain('<title>Parley administration</title>');
    }
    expect((await fetch(`${adminPage}/index.html`)).status).toBe(404);
    expect((await fetch(`${adminPage}/api/v1/openapi.json`)).status).toBe(404);
  });

  test('answers only under an address or localhost, so no page of another name can call it', async () => {
    const { hostname, port } = new URL(adminPage);
    const statusFor = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const asked = request({ host: hostname, port, path: '/admin', headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        asked.on('error', reject).end();
      });
    const served = [`127.0.0.1:${port}`, 'localhost:8090', 'LOCALHOST', '[::1]:8090', '192.168.1.5:8090'];
    expect(await Promise.all(served.map(statusFor))).toEqual(served.map(() => 200));
    const refused = [`evil.example:${port}`, '127.0.0.1.evil.example', 'localhost.evil.example', 'x@127.0.0.1'];
    expect(await Promise.all(refused.map(statusFor))).toEqual(refused.map(() => 421));
  });

  test('forwards the calls of operators, and those of nobody else', async () => {
    const root = await trio.people.make('root', 'admin');
    const { messages } = await call(listServers, root.token);
    expect(ListServersResponse.decode(messages[0] ?? nothing).servers).toHaveLength(1);
    expect(await reasonOf(listServers)).toBe('unauthenticated');
    const ann = await trio.people.make('ann');
    expect(await reasonOf(listServers, ann.token)).toBe('not-operator');
    const claimed = await trio.people.login(ann, 'admin'); // Only the token says that ann is an operator.
    expect(await reasonOf(listServers, claimed.token)).toBe('not-operator');
    await trio.people.sql('UPDATE chat.session SET expires_at = now() WHERE id = $1', [root.sessionId]);
    expect(await reasonOf(listServers, root.token)).toBe('logged-out');
  });

  test('limits how often an operator reads', async () => {
    const { token } = await trio.people.make('reader', 'admin');
    const read = () => reasonOf('/chat.v1.AdminService/ListGateways', token);
    const reasons = new Set<string | undefined>();
    while (!reasons.has('read-too-often'))
      for (const reason of await Promise.all(Array.from({ length: 100 }, read))) reasons.add(reason);
    expect(reasons).toContain(undefined); // The first ones are served.
  });

  test.each([
    '/chat.v1.AdminService/ExportUser',
    '/chat.v1.AdminService/ExportHold',
    '/chat.v1.UserService/Register',
    '/chat.v1.ChannelService/List',
    '/chat.v1.ChannelService/Report',
    '/chat.v1.ChatService/Drain',
    '/chat.v1.InboxService/Watch',
    '/UserService/Login',
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  ])('does not forward %s', async (path) => {
    expect(await call(path)).toMatchObject({ http: 404, trailers: { 'grpc-status': '12' } });
  });

  test('lets no page of another origin call, not even one that may call the other port', async () => {
    const headers = { origin: 'https://chat.example.org', 'access-control-request-method': 'POST' };
    const preflight = await fetch(adminPage + listServers, { method: 'OPTIONS', headers });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([404, null]);
  });

  test('is the only one with these calls', async () => {
    const { token } = await trio.people.make('chief', 'admin');
    const ending = await webCall(gateway.http + listServers, nothing, { token });
    expect(ending).toMatchObject({ http: 404, trailers: { 'grpc-status': '12' } });
  });

  test('an operator gets in while the port of users is full', async () => {
    const port = await freePorts(1);
    const env = { PARLEY_CONNECTIONS_PER_ADDRESS: '3', PARLEY_ADMIN_PAGE: `127.0.0.1:${port}` };
    const users = new URL((await trio.startGateway(env)).http);
    const sockets = Array.from({ length: 6 }, () => connect(Number(users.port), users.hostname).on('error', () => {}));
    await Promise.any(sockets.map((socket) => once(socket, 'close')));
    expect((await fetch(`http://127.0.0.1:${port}/admin`)).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  test('is off unless it is set, and needs TLS where others can reach it', () => {
    const read = (env: Record<string, string>) =>
      readGatewayConfig(readSettings({ PARLEY_DATABASE_URL: 'postgres://a@b/c', ...env })).adminPage;
    expect(read({})).toBeUndefined();
    expect(read({ PARLEY_ADMIN_PAGE: '[::1]:1' })).toMatchObject({ host: '::1', port: 1 });
    expect(() => read({ PARLEY_ADMIN_PAGE: '0.0.0.0:1' })).toThrow('can be reached by others');
    expect(read({ PARLEY_ADMIN_PAGE: '0.0.0.0:1', PARLEY_INSECURE: 'on' })).toMatchObject({ host: '0.0.0.0' });
  });
});

describe('a gateway with a certificate', () => {
  const pair = () => ({ PARLEY_TLS_CERT: join(folder, 'cert.pem'), PARLEY_TLS_KEY: join(folder, 'key.pem') });

  function makeCertificate(): void {
    const { PARLEY_TLS_CERT: cert, PARLEY_TLS_KEY: key } = pair();
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
    execFileSync('openssl', [...made, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  }

  async function serialAt(url: string): Promise<string> {
    const { hostname, port } = new URL(url);
    const socket = connectTls({ port: Number(port), host: hostname, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  }

  test('the gateway serves a changed certificate to new connections, without a restart', async () => {
    makeCertificate();
    const { http } = await trio.startGateway(pair());
    expect(http).toMatch(/^https:/);
    const before = await serialAt(http);
    expect(await serialAt(http)).toBe(before);
    makeCertificate();
    while ((await serialAt(http)) === before) await pause(100);
  });
});

/** Opens a connection, hands it to `begin`, and returns everything that the gateway sends back. */
function answerTo(begin: (socket: Socket) => void): Promise<string> {
  const { hostname, port } = new URL(gateway.http);
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => begin(socket));
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => {}).on('close', () => resolve(answer));
  });
}

const sendRaw = (text: string) => answerTo((socket) => socket.end(text));

function sendUnfinished(): Promise<string> {
  const lines = ['POST /chat.v1.UserService/Login HTTP/1.1', 'host: x', 'content-type: application/grpc-web'];
  return answerTo((socket) => socket.write(`${lines.join('\r\n')}\r\ncontent-length: 100\r\n\r\nx`));
}

test.each([
  ['GET /\r\n', '400 Bad Request'],
  ['GET /\r\n\r\n', '505 HTTP Version Not Supported'],
  ['POST /chat.v1.UserService/Login\r\n\r\n', '505 HTTP Version Not Supported'],
  ['GET / HTTP/0.9\r\n\r\n', '505 HTTP Version Not Supported'],
  ['GET / HTTP/2.0\r\nhost: x\r\n\r\n', '505 HTTP Version Not Supported'],
  [
    'POST /api/v1/sessions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    '501 Not Implemented',
  ],
  ['GET / HTTP/7.3\r\nhost: x\r\n\r\n', '400 Bad Request'],
  ['GET / HTTP/1.0\r\n\r\n', '200 OK'],
])('the gateway responds to the request %j with %s', async (text, expected) => {
  expect((await sendRaw(text)).split('\r\n', 1)).toEqual([`HTTP/1.1 ${expected}`]);
  expect((await fetch(`${gateway.http}/`)).status).toBe(200);
});

test('names the request headers that a response depends on', async () => {
  const vary = async (path: string, init?: RequestInit) => (await fetch(gateway.http + path, init)).headers.get('vary');
  const etag = (await fetch(`${gateway.http}/`)).headers.get('etag') as string;
  const headers = { 'content-type': 'application/grpc-web+proto' };
  expect(await vary('/')).toBe('origin, accept-encoding');
  expect(await vary('/', { headers: { 'if-none-match': etag } })).toBe('origin, accept-encoding');
  expect(await vary('/assets/index-abc.js', { method: 'HEAD' })).toBe('origin, accept-encoding');
  expect(await vary('/.well-known/jwks.json')).toBe('origin');
  expect(await vary('/nothing')).toBe('origin');
  expect(await vary('/chat.v1.UserService/Login', { method: 'POST', headers, body: Buffer.alloc(5) })).toBe('origin');
});

test.each([
  ['gzip', 'gzip'],
  ['br, gzip;q=0.5', 'gzip'],
  ['gzip;q=0', null],
  ['gzip; q=0.000, br', null],
  ['identity', null],
])('responds to accept-encoding %j with content-encoding %j', async (accepted, expected) => {
  const page = await fetch(`${gateway.http}/`, { headers: { 'accept-encoding': accepted } });
  expect(page.headers.get('content-encoding')).toBe(expected);
});

test('ends a request that never completes', async () => {
  expect(await unfinished).not.toMatch(/ 200 /);
});
