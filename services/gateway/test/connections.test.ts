import { connect, type Socket } from 'node:net';
import { Metrics, silentLogger } from '@parley/runtime';
import { Connections, Proxies } from '@parley/service-kit';
import { until } from '@parley/testkit';
import { waitUnread } from '../src/http/arrival.js';
import { type HttpServer, startHttpServer } from '../src/http/http-server.js';

const requestWithinMs = 500;
let server: HttpServer;
const sockets: Socket[] = [];
/** Ends the wait of the request for `/queued`, once it has arrived. */
let serveQueued: (() => void) | undefined;

beforeAll(async () => {
  const proxies = new Proxies(['127.0.0.9/32']);
  const bounds = { perAddress: 3, perProcess: 100 };
  server = await startHttpServer({
    ...{ address: '127.0.0.1', port: 0, tls: undefined, stopMs: 100, requestWithinMs },
    connections: new Connections(proxies, silentLogger(), new Metrics(), bounds),
    handlers: [
      ({ path }) => path === '/silent',
      ({ path, response }) => {
        if (path !== '/slow') return false;
        response.write('begun');
        setTimeout(() => response.end('done'), 3 * requestWithinMs);
        return true;
      },
      ({ path, request, response }) => {
        if (path !== '/queued') return false;
        const turn = new Promise<void>((resolve) => {
          serveQueued = resolve;
        });
        waitUnread(request, turn).then(() => request.resume().once('end', () => response.end('served')));
        return true;
      },
    ],
  });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => server.stop());

function dial(localAddress: string): Socket {
  const socket = connect({ port: server.port, host: '127.0.0.1', localAddress }).on('error', () => {});
  sockets.push(socket);
  return socket;
}

/**
 * Returns the start of the response, or an empty text if the server closes the connection without
 * one.
 */
function ask(localAddress: string): Promise<string> {
  const socket = dial(localAddress);
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  return new Promise((resolve) => {
    socket.once('data', (bytes) => resolve(String(bytes).slice(0, 12))).once('close', () => resolve(''));
  });
}

/** Sends bytes, and returns everything that the server sends until it closes the connection. */
async function exchange(sent: string): Promise<string> {
  const socket = dial('127.0.0.6');
  let said = '';
  socket.on('data', (bytes) => {
    said += String(bytes);
  });
  socket.write(sent);
  await closeOf(socket);
  return said;
}

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

test('refuses more connections of an address that has too many, unless it is a trusted proxy', async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask('127.0.0.2')));
  expect(answers.filter((answer) => answer === '')).toHaveLength(2);
  expect(await ask('127.0.0.3')).toBe('HTTP/1.1 404');
  const proxied = await Promise.all(Array.from({ length: 5 }, () => ask('127.0.0.9')));
  expect(new Set(proxied)).toEqual(new Set(['HTTP/1.1 404']));
});

test('closes connections that send no request, or half of one', async () => {
  const [silent, half] = [dial('127.0.0.4'), dial('127.0.0.4')];
  half.write('GET / HTTP/1.1\r\nho');
  await Promise.all([silent, half].map((socket) => closeOf(socket.resume())));
});

test('a response may take longer than a request, and a request whose body stays away is closed', async () => {
  const [slow, half] = [dial('127.0.0.5'), dial('127.0.0.5')];
  let said = '';
  slow.on('data', (bytes) => {
    said += String(bytes);
  });
  slow.write('GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  half.write('POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf');
  await Promise.all([slow, half].map((socket) => closeOf(socket.resume())));
  expect(said).toMatch(/begun[\s\S]*done/);
});

test('a client is not too slow while the server makes its request wait', async () => {
  const start = (path: string) =>
    `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\nconnection: close\r\n\r\nhalf`;
  const waiting = dial('127.0.0.7');
  let said = '';
  waiting.on('data', (bytes) => {
    said += String(bytes);
  });
  waiting.write(start('/queued'));
  await until(() => serveQueued !== undefined);
  expect(await exchange(start('/silent'))).toContain('408'); // This request came later.
  expect(said).toBe('');
  serveQueued?.();
  waiting.write('other');
  await closeOf(waiting);
  expect(said).toMatch(/^HTTP\/1.1 200 [\s\S]*served/);
});

test.each([
  ['with a long URL', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431, 'headers-too-large'],
  ['with long headers', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
  ['that is no HTTP', 'HELO example.org\r\n\r\n', 400, 'malformed'],
  [
    'with a malformed body',
    'POST /silent HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nx\r\n',
    400,
    'malformed',
  ],
  ['that stops', 'POST /silent HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf', 408, 'request-too-slow'],
])('a request %s is refused as problem+json', async (_what, sent, status, reason) => {
  const [head = '', body = ''] = (await exchange(sent)).split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} \\w+`));
  expect(head).toContain('content-type: application/problem+json');
  expect(JSON.parse(body)).toMatchObject({ type: `urn:parley:reason:${reason}`, status, reason });
});

test('an error of a later request is not written into a response', async () => {
  const said = await exchange('GET /slow HTTP/1.1\r\nhost: x\r\n\r\nHELO\r\n\r\n');
  expect(said).not.toContain('problem');
});

test.each([
  ['does not arrive', 'content-length: 9', 'half'],
  ['is broken', 'transfer-encoding: chunked', 'x\r\n'],
])('a request with a response gets no second one if its body %s', async (_what, header, body) => {
  const socket = dial('127.0.0.8');
  let said = '';
  socket.on('data', (bytes) => {
    said += String(bytes);
  });
  socket.write(`POST /unknown HTTP/1.1\r\nhost: x\r\n${header}\r\n\r\n`);
  await until(() => said.includes('Not found.'));
  socket.write(body);
  await closeOf(socket);
  expect(said.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 404']);
});
