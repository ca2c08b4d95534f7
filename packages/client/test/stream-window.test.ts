import { once } from 'node:events';
import { createServer, type Http2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { until } from '@parley/testkit';
import { createClient } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';

test('inboxes that share a connection may receive 1 MiB before the process reads', async () => {
  const sessions: Http2Session[] = [];
  let streams = 0;
  const server = createServer()
    .on('session', (session) => sessions.push(session))
    .on('stream', (stream) => {
      streams += 1;
      stream.on('error', () => {}).respond({ ':status': 200, 'content-type': 'application/grpc' });
    })
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  const nobody = '127.0.0.1:1';
  const gateway = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clients = ['ann', 'bob'].map((token) => {
    return createClient({ token, transport: grpcTransport({ userService: nobody, channelService: nobody, gateway }) });
  });
  for (const one of clients) one.inbox();
  await until(() => streams === 2);
  expect(sessions).toHaveLength(1);
  await until(() => (sessions[0]?.state.remoteWindowSize ?? 0) > 1_000_000);
  await Promise.all(clients.map((one) => one.close()));
  for (const session of sessions) session.destroy();
  server.close();
});
