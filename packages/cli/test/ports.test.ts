import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePorts } from '@parley/testkit';
import { readOptions } from '../src/launcher/options.js';
import { planServices } from '../src/launcher/plan.js';
import { checkFree } from '../src/launcher/ports.js';

const plan = (port: number) => [planServices(readOptions(['--user-port', String(port)])).first[0] as never];

function listen(port = 0): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.on('error', () => {})).once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port).catch(() => undefined);
  server?.close();
  return server !== undefined;
}

/**
 * Connects from an ephemeral port whose ops port is free. Otherwise a connection that another test
 * has closed could hold that for a minute.
 */
async function connectTo(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  await new Promise((resolve) => socket.once('connect', resolve));
  if (await isFree(Number(socket.localPort) + 1_000)) return socket;
  socket.resetAndDestroy();
  return connectTo(port);
}

test('waits for a port that a closed connection still holds, and says so', async () => {
  const server = await listen();
  const target = server.address() as { port: number };
  const socket = await connectTo(target.port);
  const port = Number(socket.localPort);
  const said: string[] = [];
  const free = checkFree(plan(port), '127.0.0.1', (line) => {
    said.push(line);
    socket.resetAndDestroy(); // leaves no TIME_WAIT state, unlike an ordinary end
  });
  await free;
  expect(said).toEqual([
    `port ${port} for user-service is still held by a closed connection; waiting up to a minute for it`,
  ]);
  server.close();
});

test('refuses at once a port that is in use', async () => {
  const server = await listen();
  const { port } = server.address() as { port: number };
  await expect(checkFree(plan(port), '127.0.0.1', () => {})).rejects.toThrow(`Port ${port} for user-service is taken`);
  server.close();
});

describe('the port of the admin page', () => {
  let server: Server;
  let gateways: ReturnType<typeof planServices>['gateways'];
  beforeAll(async () => {
    const webPort = await freePorts(11);
    server = await listen(webPort + 10);
    ({ gateways } = planServices(readOptions(['--web-port', String(webPort)])));
  });
  afterEach(() => {
    delete process.env.PARLEY_ADMIN_PAGE;
  });
  afterAll(() => server.close());

  test('is named, with the setting that changes it, if it is in use', async () => {
    const port = Number(gateways[0]?.port) + 10;
    const words = `Port ${port} for the admin page is taken. Stop the process that uses it, or set PARLEY_ADMIN_PAGE`;
    await expect(checkFree(gateways, '127.0.0.1', () => {})).rejects.toThrow(words);
  });

  test.each(['off', '127.0.0.1:8090'])('need not be free with PARLEY_ADMIN_PAGE=%s', async (page) => {
    process.env.PARLEY_ADMIN_PAGE = page;
    await checkFree(gateways, '127.0.0.1', () => {});
  });
});
