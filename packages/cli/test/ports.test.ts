import { connect, createServer, type Server, type Socket } from 'node:net';
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
