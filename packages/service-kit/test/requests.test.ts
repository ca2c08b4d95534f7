import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { LoginRequest, LoginResponse } from '@parley/contract';
import { frameOf } from '@parley/rpc';
import { limits } from '@parley/runtime';
import { Proxies } from '../src/grpc/proxies.js';
import { answerOf, RawClient } from './raw-client.js';
import { eventually, ServerUnderTest } from './server-under-test.js';

let server: ServerUnderTest;
let raw: RawClient;
let logins = 0;

beforeAll(async () => {
  server = await ServerUnderTest.start({
    user: {
      login: async () => {
        logins += 1;
        return LoginResponse.fromPartial({});
      },
    },
  });
});
beforeEach(() => {
  raw = new RawClient(server.port);
  logins = 0;
});
afterEach(() => raw.close());
afterAll(() => server.stop());

const path = '/chat.v1.UserService/Login';
const login = (passwordBytes: number) =>
  Buffer.from(LoginRequest.encode(LoginRequest.fromPartial({ password: 'a'.repeat(passwordBytes) })).finish());

function packed(message: Buffer, flag = 1): Buffer {
  const frame = frameOf(message);
  frame.writeUInt8(flag, 0);
  return frame;
}

/** Returns the metric of request bytes that the server holds. */
async function heldBytes(): Promise<number> {
  const text = await server.metrics.registry.getSingleMetricAsString('parley_request_bytes');
  return Number(/^parley_request_bytes (\d+)/m.exec(text)?.[1]);
}

describe('a server without compression', () => {
  test.each([
    ['gzip', packed(gzipSync(login(1_000_000)))],
    ['deflate', packed(login(10))],
    ['zstd', packed(login(10))],
    ['gzip', frameOf(login(10))],
  ])('refuses grpc-encoding %s and lists the accepted encodings', async (encoding, body) => {
    const answer = await raw.call(path, body, { 'grpc-encoding': encoding });
    expect([answer.status, answer.reason, answer.headers['grpc-accept-encoding'], logins]).toEqual([
      status.UNIMPLEMENTED,
      'compressed',
      'identity',
      0,
    ]);
  });

  test.each([{}, { 'grpc-encoding': 'identity' }])('refuses a compressed frame with headers %j', async (headers) => {
    const answer = await raw.call(path, packed(gzipSync(login(1_000))), headers);
    expect([answer.status, answer.reason, answer.headers['grpc-accept-encoding'], logins]).toEqual([
      status.UNIMPLEMENTED,
      'compressed',
      'identity',
      0,
    ]);
  });

  test('announces identity as the only accepted encoding', async () => {
    const answer = await raw.call(path, frameOf(login(10)), { 'grpc-encoding': 'identity' });
    expect([answer.status, answer.headers['grpc-accept-encoding']]).toEqual([status.OK, 'identity']);
  });
});

describe('the limit of a request', () => {
  test.each([limits.requestBytes - 10, 10])('allows a request of %i bytes', async (bytes) => {
    expect((await raw.call(path, frameOf(login(bytes)))).status).toBe(status.OK);
  });

  test('refuses a request that is one byte too long as soon as its prefix arrives', async () => {
    const stream = raw.open(path);
    const answered = answerOf(stream);
    for (const byte of [0, 0, 1, 0, 1]) stream.write(Buffer.of(byte));
    const answer = await answered;
    expect([answer.status, answer.reason, logins]).toEqual([status.RESOURCE_EXHAUSTED, 'message-too-large', 0]);
  });
});

describe('the bytes that requests hold', () => {
  test('bytes of a request are counted as they arrive, and released at the response or the end of the call', async () => {
    const half = frameOf(login(50_000)).subarray(0, 30_000);
    const streams = [1, 2, 3].map(() => raw.open(path));
    for (const stream of streams) stream.write(half);
    const wanted = 3 * (half.length + limits.callBytes);
    let held = 0;
    for (let n = 0; n < 500 && held < wanted; n++) {
      held = await heldBytes();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(held).toBeGreaterThanOrEqual(wanted);
    for (const stream of streams) stream.destroy();
    expect((await raw.call(path, frameOf(login(10)))).status).toBe(status.OK);
    for (let n = 0; n < 500 && held > 0; n++) {
      held = await heldBytes();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(held).toBe(0);
  });

  test.each([
    ['large requests', 59_000],
    ['calls that send nothing', 0],
  ])(
    'the bytes of all requests are limited, however many connections send %s, and other callers are served',
    async (_, bytes) => {
      const half = frameOf(login(60_000)).subarray(0, bytes);
      const calls = limits.callsPerConnection;
      const callsHeld = Math.floor(limits.requestBudgetBytes / (limits.callBytes + bytes));
      const clients = Array.from({ length: Math.ceil((3 * callsHeld) / calls) }, () => new RawClient(server.port));
      let over = 0;
      for (const client of clients) {
        client.session.setMaxListeners(0);
        for (let n = 0; n < calls; n++) {
          const stream = client.open(path);
          if (bytes > 0) stream.write(half);
          void answerOf(stream).then(() => {
            over += 1;
          });
        }
      }
      const [here, elsewhere] = [new RawClient(server.port), new RawClient(server.port, '127.0.0.2')];
      clients.push(here, elsewhere);
      while (over < callsHeld) {
        expect(await heldBytes()).toBeLessThanOrEqual(limits.requestBudgetBytes);
        for (const client of [here, elsewhere])
          expect((await client.call(path, frameOf(login(60_000)))).status).toBe(status.OK);
      }
      for (const client of clients) client.close();
    },
  );
});

test('a flood through a proxy drops requests of its own caller, and none of other callers on the same connection', async () => {
  const proxied = await ServerUnderTest.start({
    user: { login: async () => LoginResponse.create() },
    proxies: new Proxies(['127.0.0.1/32']),
  });
  const proxy = new RawClient(proxied.port);
  proxy.session.setMaxListeners(0);
  const half = frameOf(login(60_000)).subarray(0, 59_000);
  const from = (address: string) => ({ 'x-forwarded-for': address });
  const waiting = proxy.open(path, from('192.0.2.1'));
  waiting.write(half);
  const refused: (string | undefined)[] = [];
  for (let n = 0; n < limits.requestBudgetBytes / half.length; n++) {
    const stream = proxy.open(path, from('192.0.2.2'));
    stream.write(half);
    void answerOf(stream).then(({ reason }) => refused.push(reason));
  }
  await eventually(() => refused.includes('too-busy'), 'a refusal', 30_000);
  expect((await proxy.call(path, frameOf(login(60_000)), from('192.0.2.3'))).status).toBe(status.OK);
  waiting.end(frameOf(login(60_000)).subarray(59_000));
  expect((await answerOf(waiting)).status).toBe(status.OK);
  proxy.close();
  await proxied.stop();
});

describe('the metadata of a call', () => {
  test('refuses too much metadata before it reads the request', async () => {
    const names = Array.from({ length: 3 }, (_, n) => `x-long-${n}`);
    const headers = (bytes: number) => Object.fromEntries(names.map((name) => [name, 'a'.repeat(bytes)]));
    expect((await raw.call(path, frameOf(login(10)), headers(3_500))).status).toBe(status.OK);
    const { status: code, reset } = await raw.call(path, frameOf(login(10)), headers(4_500));
    expect(code === status.INVALID_ARGUMENT || reset !== 0).toBe(true);
    expect(logins).toBe(1);
  });

  test('metadata counts as memory of the request', async () => {
    const stream = raw.open(path, { 'x-long': 'a'.repeat(10_000) });
    let held = 0;
    for (let n = 0; n < 500 && held < 10_000; n++) {
      held = await heldBytes();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(held).toBeGreaterThan(10_000 + limits.callBytes);
    stream.destroy();
  });
});

describe('a deadline', () => {
  test.each(['25H', '9999999H', '2592000S', '99999999S', '30000000M', '99999999H'])(
    'a deadline of %s does not end a call early',
    async (timeout) => {
      expect((await raw.call(path, frameOf(login(10)), { 'grpc-timeout': timeout })).status).toBe(status.OK);
    },
  );

  test.each(['1x', '', '-1S', '123456789S', '1.5S'])('a deadline of "%s" is refused as invalid', async (timeout) => {
    const answer = await raw.call(path, frameOf(login(10)), { 'grpc-timeout': timeout });
    expect([answer.status, answer.reason]).toEqual([status.INVALID_ARGUMENT, 'invalid-metadata']);
  });

  test('a call ends when its deadline passes', async () => {
    const stream = raw.open(path, { 'grpc-timeout': '50m' });
    stream.once('response', () => stream.end());
    expect((await answerOf(stream)).reason).toBe('deadline-exceeded');
  });
});
