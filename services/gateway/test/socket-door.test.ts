import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { InboxCommand } from '@parley/contract';
import { Metrics, refuse, silentLogger } from '@parley/runtime';
import { type Call, Connections, Proxies, type UserCaller } from '@parley/service-kit';
import { until } from '@parley/testkit';
import { type HttpServer, startHttpServer } from '../src/http/http-server.js';
import type { InboxDevice, InboxSession } from '../src/inbox/session.js';
import { SocketDoor, type SocketDoorDeps } from '../src/socket/socket-door.js';
import { SocketProbe } from './socket-probe.js';

/** A door whose sessions do nothing but record their commands. Each token is the id of its user. */
class TestDoor {
  readonly devices: InboxDevice[] = [];
  readonly commands: InboxCommand[] = [];
  readonly metrics = new Metrics();
  door!: SocketDoor;
  http!: HttpServer;
  url = '';

  static async start(more: Partial<SocketDoorDeps> = {}, perAddress = 1_000): Promise<TestDoor> {
    const test = new TestDoor();
    const proxies = new Proxies([]);
    test.door = new SocketDoor({
      callers: { enterStream: async (call) => ({ id: call.bearer() }) as UserCaller },
      openSession: (device) => test.#open(device),
      ...{ origins: [], proxies, log: silentLogger(), metrics: test.metrics },
      ...more,
    });
    test.http = await startHttpServer({
      ...{ address: '127.0.0.1', port: 0, tls: undefined, stopMs: 100, handlers: [] },
      connections: new Connections(proxies, silentLogger(), test.metrics, { perAddress, perProcess: 100_000 }),
      upgrades: [test.door.handleUpgrade],
    });
    test.url = `http://127.0.0.1:${test.http.port}`;
    return test;
  }

  #open(device: InboxDevice): InboxSession {
    this.devices.push(device);
    return { take: (command: InboxCommand) => void this.commands.push(command) } as unknown as InboxSession;
  }

  async stop(): Promise<void> {
    this.door.stop();
    await this.http.stop();
  }

  async gauge(name: string): Promise<number> {
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await this.metrics.registry.metrics())?.[1]);
  }

  /** Opens a socket without a WebSocket library, and waits for the end of the handshake. */
  async dialRaw(protocols: string): Promise<Socket> {
    const socket = connect(this.http.port, '127.0.0.1').on('error', () => {});
    const head = [
      'GET /connect HTTP/1.1',
      'host: x',
      'upgrade: websocket',
      'connection: upgrade',
      'sec-websocket-version: 13',
    ];
    const key = `sec-websocket-key: ${randomBytes(16).toString('base64')}`;
    socket.write(`${[...head, key, `sec-websocket-protocol: ${protocols}`].join('\r\n')}\r\n\r\n`);
    await once(socket, 'readable');
    return socket;
  }

  /** Opens a socket that never reads. */
  async dial(token: string): Promise<Socket> {
    const socket = await this.dialRaw(`parley.v1, bearer.${token}`);
    socket.pause();
    await until(() => this.devices.some(({ token: of }) => of === token));
    return socket;
  }

  deviceOf(token: string): InboxDevice {
    return this.devices.find((device) => device.token === token) as InboxDevice;
  }
}

let test_: TestDoor;
afterEach(() => test_.stop());

test('a socket without a token, or without a command after it, is closed in time', async () => {
  test_ = await TestDoor.start({ times: { openWithinMs: 50 } });
  const silent = new SocketProbe(`${test_.url}/connect`, ['parley.v1']);
  expect(await silent.ended).toEqual({ code: 4401, reason: 'unauthenticated', goodbye: 'unauthenticated' });
  const idle = SocketProbe.with(test_.url, { token: 'ann' });
  expect(await idle.ended).toEqual({ code: 4504, reason: 'idle', goodbye: 'idle' });
});

test('a socket whose token cannot be checked in time ends with too-busy', async () => {
  const never = new Promise<UserCaller>(() => {});
  test_ = await TestDoor.start({ times: { openWithinMs: 50 }, callers: { enterStream: () => never } });
  const probe = SocketProbe.with(test_.url, { token: 'ann' });
  expect(await probe.ended).toMatchObject({ reason: 'too-busy', goodbye: 'too-busy' });
});

test('commands wait while the token is checked', async () => {
  let admit = () => {};
  const gate = new Promise<void>((resolve) => {
    admit = resolve;
  });
  const enterStream = async (call: Call) => gate.then(() => ({ id: call.bearer() }) as UserCaller);
  test_ = await TestDoor.start({ callers: { enterStream } });
  const patient = new SocketProbe(`${test_.url}/connect`, ['parley.v1']);
  await patient.opened();
  patient.command({ token: 'ann' });
  patient.command({ watch: {} });
  patient.command({ pong: { sentAt: 7 } });
  await until(async () => (await test_.gauge('parley_sockets')) === 1);
  expect(test_.commands).toEqual([]);
  admit();
  await until(() => test_.commands.length === 2);
  expect(test_.commands).toMatchObject([{ watch: { after: '' } }, { pong: { sentAt: 7 } }]);
  await patient.cut();
});

test('a client that sends many commands while its token is checked is refused', async () => {
  test_ = await TestDoor.start({ callers: { enterStream: () => new Promise(() => {}) } });
  const socket = await test_.dialRaw('parley.v1');
  const frame = (command: Parameters<typeof InboxCommand.fromPartial>[0]) => {
    const payload = InboxCommand.encode(InboxCommand.fromPartial(command)).finish();
    return Buffer.from([0x82, 0x80 | payload.length, 0, 0, 0, 0, ...payload]); // masked with zero
  };
  const pongs = Array.from({ length: 101 }, () => frame({ pong: { sentAt: 7 } }));
  let received = '';
  socket.on('data', (bytes) => {
    received += String(bytes);
  });
  socket.write(Buffer.concat([frame({ token: 'ann' }), ...pongs]));
  await until(() => received.includes('send-too-fast'));
});

test('sockets without a token are limited for each address, and do not keep others out', async () => {
  test_ = await TestDoor.start();
  const strangers = Array.from({ length: 201 }, () => new SocketProbe(`${test_.url}/connect`, ['parley.v1']));
  const refused = await Promise.race(strangers.map((probe) => probe.ended));
  expect(refused).toMatchObject({ code: 1006 }); // The upgrade was refused.
  const known = SocketProbe.with(test_.url, { token: 'ann' });
  await known.opened();
  await until(() => test_.devices.length === 1);
  for (const probe of strangers) probe.ws.terminate();
  await until(async () => (await test_.gauge('parley_sockets')) === 1);
  const next = new SocketProbe(`${test_.url}/connect`, ['parley.v1']);
  await next.opened();
});

test('open sockets count as connections of their address', async () => {
  test_ = await TestDoor.start({}, 2);
  const open = [SocketProbe.with(test_.url, { token: 'ann' }), SocketProbe.with(test_.url, { token: 'bob' })];
  await Promise.all(open.map((probe) => probe.opened()));
  expect(await SocketProbe.with(test_.url, { token: 'carl' }).ended).toMatchObject({ code: 1006 });
  await open[0]?.cut();
  await until(async () => (await test_.gauge('parley_connections')) === 1);
  await SocketProbe.with(test_.url, { token: 'carl' }).opened();
});

test.each(['ping', 'pong'] as const)('a flood of %ss ends the socket', async (kind) => {
  test_ = await TestDoor.start();
  const probe = SocketProbe.with(test_.url, { token: 'ann' });
  await probe.opened();
  for (let n = 0; n < 2_000; n++) probe.ws[kind](`${n}`);
  const { code } = await probe.ended;
  expect([1006, 4429]).toContain(code); // ws cuts a client that does not read its pongs.
});

test('a client that answers pings stays connected, and a silent client is cut off', async () => {
  test_ = await TestDoor.start({ times: { pingEveryMs: 20 } });
  const alive = SocketProbe.with(test_.url, { token: 'ann' });
  let pings = 0;
  alive.ws.on('ping', () => {
    pings += 1;
  });
  await alive.opened();
  await test_.dial('dead');
  const gone = new Promise<void>((resolve) => test_.deviceOf('dead').stream.onClose(resolve));
  await gone;
  await until(() => pings > 40);
  expect(alive.ws.readyState).toBe(alive.ws.OPEN);
});

test('a reader that never reads is blocked after a bounded number of bytes, and ends', async () => {
  test_ = await TestDoor.start();
  await test_.dial('slow');
  const { stream } = test_.deviceOf('slow');
  const frames = stream.framing.join([Buffer.alloc(60_000)], 60_000);
  let written = 0;
  while (stream.write(frames) && written < 50_000_000) {
    written += frames.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(written).toBeLessThan(50_000_000);
  const closed = new Promise<void>((resolve) => stream.onClose(resolve));
  stream.reset();
  await closed;
  expect(stream.ended).toBe(true);
  expect(stream.write(frames)).toBe(true); // Nothing is written after the end.
  await until(async () => (await test_.gauge('parley_connections')) === 0);
});

test('a reader that is only slow still receives its goodbye', async () => {
  test_ = await TestDoor.start();
  const probe = SocketProbe.with(test_.url, { token: 'ann' });
  await probe.opened();
  await until(() => test_.devices.length === 1);
  const { stream } = test_.deviceOf('ann');
  stream.end(refuse('too-slow'));
  expect(await probe.ended).toEqual({ code: 4429, reason: 'too-slow', goodbye: 'too-slow' });
  expect(probe.events.at(-1)?.goodbye).toMatchObject({ listenAgain: true });
});

test('the end of a stream frees its device at once, even if the client does not answer the close frame', async () => {
  test_ = await TestDoor.start();
  await test_.dial('mute');
  const { stream } = test_.deviceOf('mute');
  const closed = new Promise<void>((resolve) => stream.onClose(resolve));
  stream.end(refuse('draining'));
  await closed;
  expect([await test_.gauge('parley_sockets'), await test_.gauge('parley_connections')]).toEqual([0, 1]);
});
