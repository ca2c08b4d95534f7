import { connect } from 'node:net';
import { Metrics, type OpsServer, startOpsServer } from '../src/index.js';

let server: OpsServer;
let ready: () => Promise<void>;
const metrics = new Metrics();
beforeAll(async () => {
  server = await startOpsServer({ host: '127.0.0.1', port: 0, metrics, ready: () => ready() });
});
afterAll(() => server.stop());

async function get(path: string): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return [response.status, await response.text()];
}

/** Sends a raw request line and returns the first line of the response. */
function ask(line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(`${line}\r\nHost: x\r\n\r\n`));
    socket.setTimeout(60_000, () => reject(new Error('no answer')));
    socket.once('data', (data) => {
      resolve(String(data.toString().split('\r\n')[0]));
      socket.destroy();
    });
  });
}

test('always reports alive, but reports ready only while the process can serve', async () => {
  expect(await get('/healthz')).toEqual([200, 'alive\n']);
  ready = async () => {};
  expect(await get('/readyz?verbose')).toEqual([200, 'ready\n']);
  ready = () => Promise.reject(new Error('the database is away'));
  expect(await get('/readyz')).toEqual([503, 'the database is away\n']);
});

test('serves metrics', async () => {
  metrics.counter('things_total', 'things', []).inc(3);
  const [status, body] = await get('/metrics');
  expect(status).toBe(200);
  expect(body).toContain('things_total 3');
});

test('serves metrics with the content type of Prometheus', async () => {
  const { headers } = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
});

test.each(['GET /other HTTP/1.1', 'GET // HTTP/1.1', 'GET http:// HTTP/1.1'])(
  'responds to %s with 404',
  async (line) => {
    expect(await ask(line)).toBe('HTTP/1.1 404 Not Found');
  },
);

test('fails on a taken port with one sentence that says what to do', async () => {
  const again = startOpsServer({ host: '127.0.0.1', port: server.port, metrics, ready });
  await expect(again).rejects.toThrow(
    `Cannot listen on 127.0.0.1:${server.port}. Choose another PARLEY_ADMIN_PORT, or stop the process that uses it.`,
  );
});
