import { createServer } from 'node:net';
import { Channel } from '@parley/contract';
import { type ListeningServer, listen } from '@parley/testkit';
import { calls } from '../src/calls/methods.js';
import { grpcTransport } from '../src/node/index.js';
import { webTransport } from '../src/web/index.js';
import { XmlHttpRequest } from './xml-http-request.js';

const channel: Channel = { ...Channel.fromPartial({ name: 'k' }), kind: 'group' as never };
const words = /^\/chat\.v1\.ChannelService\/Create: kind has a value of the wrong type .* Nothing was sent\.$/;
let server: ListeningServer;
let connections = 0;

beforeAll(async () => {
  Object.assign(globalThis, { XMLHttpRequest: XmlHttpRequest });
  server = await listen(
    createServer((socket) => {
      connections += 1;
      socket.destroy();
    }),
  );
});
afterAll(() => server.close());

test('a wrong value in a gRPC call names the call and the field', async () => {
  const { address } = server;
  const transport = grpcTransport({ userService: address, channelService: address });
  await expect(transport.ask(calls.create, channel, {})).rejects.toMatchObject({
    name: 'TypeError',
    message: expect.stringMatching(words),
  });
  await transport.close();
});

test('a wrong value in a gRPC-Web call names the call and the field, and nothing is sent', async () => {
  const transport = webTransport({ origin: `http://${server.address}` });
  await expect(transport.ask(calls.create, channel, {})).rejects.toMatchObject({
    name: 'TypeError',
    message: expect.stringMatching(words),
  });
  expect(connections).toBe(0);
  await transport.close();
});
