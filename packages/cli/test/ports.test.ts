import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePorts } from '@parley/testkit';
import { readOptions } from '../src/launcher/options.js';
import { planServices } from '../src/launcher/plan.js';
import { checkFree } from '../src/launcher/ports.js';

const plan = (port: number) => [planServices(readOptions(['--user-port', String(port)])).first[0] as never];

function listen(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.on('error', () => {}));
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

test('waits for a port that a closed connection still holds, and says so', async () => {
  const server = await listen();
  const target = server.address() as { port: number };
  const port = await freePorts(1); // An ephemeral port might have an ops port that another closed connection holds.
  const socket: Socket = connect({ port: target.port, host: '127.0.0.1', localPort: port });
  await new Promise((resolve) => socket.once('connect', resolve));
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
}, 150_000);

test('refuses at once a port that is in use', async () => {
  const server = await listen();
  const { port } = server.address() as { port: number };
  await expect(checkFree(plan(port), '127.0.0.1', () => {})).rejects.toThrow(`Port ${port} for user-service is taken`);
  server.close();
});
