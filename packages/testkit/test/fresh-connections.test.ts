import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../src/index.js';

test('a request of a test leaves no idle connection behind, even if the server would keep it', async () => {
  const server = createServer((_request, response) => response.setHeader('keep-alive', 'timeout=600').end('here'));
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const open = () => new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
  expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('here');
  await until(async () => (await open()) === 0);
  await new Promise((resolve) => server.close(resolve));
});
