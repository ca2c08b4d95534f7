import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FaultProxy, until } from '../src/index.js';

/** A socket and everything it received. */
class End {
  readonly socket: Socket;
  readonly pieces: Buffer[] = [];
  ended = false;
  error: string | undefined;
  readonly closed: Promise<void>;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (piece: Buffer) => this.pieces.push(piece));
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code;
    });
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString();
  }

  get bytes(): number {
    return this.pieces.reduce((sum, { length }) => sum + length, 0);
  }
}

let server: Server;
let proxy: FaultProxy;
const accepted: End[] = [];
const dialled: End[] = [];

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => void accepted.push(new End(socket)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await FaultProxy.open(() => `127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(async () => {
  await proxy.close();
  for (const { socket } of [...dialled.splice(0), ...accepted.splice(0)]) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

async function dial(): Promise<[near: End, far: End]> {
  const before = accepted.length;
  const near = new End(connect({ host: '127.0.0.1', port: Number(proxy.address.split(':')[1]), allowHalfOpen: true }));
  dialled.push(near);
  await until(() => accepted.length > before);
  return [near, accepted.at(-1) as End];
}

test('a proxy without faults forwards the data and the end of each direction', async () => {
  const [near, far] = await dial();
  const bytes = Buffer.alloc(3_000_000, 'x');
  near.socket.end(bytes);
  await until(() => far.ended);
  expect(far.bytes).toBe(bytes.length);
  far.socket.end('and back');
  await until(() => near.ended);
  expect(near.text).toBe('and back');
  await until(() => proxy.connections.length === 0);
});

test('a proxy delays one direction and not the other', async () => {
  const [near, far] = await dial();
  proxy.set({ delayMs: 600_000 }, ['up']);
  near.socket.write('late');
  far.socket.write('quick');
  await until(() => near.text === 'quick');
  expect(far.text).toBe('');
});

test('a proxy delays each piece by the same time', async () => {
  const [near, far] = await dial();
  const [pieces, delayMs] = [60, 1_000];
  proxy.set({ delayMs }, ['up']);
  const sent = performance.now();
  for (let n = 0; n < pieces; n++) {
    near.socket.write('x');
    await pause(5);
  }
  await until(() => far.bytes === pieces);
  const tookMs = performance.now() - sent;
  expect(tookMs).toBeGreaterThanOrEqual(delayMs - 1);
  expect(tookMs).toBeLessThan(pieces * delayMs);
});

test('a proxy limits the bandwidth', async () => {
  const [near, far] = await dial();
  proxy.set({ bytesPerSecond: 100_000 });
  const sent = performance.now();
  near.socket.write(Buffer.alloc(50_000));
  await until(() => far.bytes === 50_000);
  expect(performance.now() - sent).toBeGreaterThan(450);
});

test('a proxy delivers data in slices, one by one and complete', async () => {
  const [near, far] = await dial();
  proxy.set({ sliceBytes: 3 });
  near.socket.write('abcdefgh');
  await until(() => far.text === 'abcdefgh');
  expect(far.pieces.length).toBeGreaterThan(1);
});

test('a black hole accepts connections, delivers nothing and holds a bounded amount', async () => {
  const [near, far] = await dial();
  proxy.set({ hole: true });
  near.socket.write('lost?');
  const [late, farOfLate] = await dial();
  late.socket.write('me too');
  const written = near.socket.write(Buffer.alloc(8_000_000));
  expect(written).toBe(false);
  await pause(200);
  expect([far.bytes, farOfLate.bytes, near.error, late.error]).toEqual([0, 0, undefined, undefined]);
  expect(near.socket.writableLength).toBeGreaterThan(0); // Backpressure has reached the sender.
  proxy.heal();
  await until(() => far.bytes === 8_000_005 && farOfLate.text === 'me too');
});

test('a black hole holds back the end of a connection too', async () => {
  const [near, far] = await dial();
  proxy.set({ hole: true });
  near.socket.resetAndDestroy();
  await pause(100);
  expect(far.socket.destroyed).toBe(false);
  proxy.heal();
  await far.closed;
  expect(far.error).toBe('ECONNRESET');
});

test('one connection can have its own faults', async () => {
  const [, farOne] = await dial();
  const [, farTwo] = await dial();
  const [one] = proxy.connections;
  one?.set({ hole: true }, ['up']);
  for (const { socket } of dialled) socket.write('hello');
  await until(() => farTwo.text === 'hello');
  expect(farOne.text).toBe('');
  one?.set({ hole: false });
  await until(() => farOne.text === 'hello');
});

test('a half-close ends one direction', async () => {
  const [near, far] = await dial();
  proxy.connections[0]?.halfClose('down');
  await until(() => near.ended);
  near.socket.write('still up');
  await until(() => far.text === 'still up');
  expect(far.ended).toBe(false);
});

test('a reset ends both sides', async () => {
  const [near, far] = await dial();
  proxy.reset();
  await Promise.all([near.closed, far.closed]);
  expect([near.error, far.error]).toEqual(['ECONNRESET', 'ECONNRESET']);
});

test('a client gets an error if nothing listens on the target', async () => {
  const nowhere = await FaultProxy.open(() => '127.0.0.1:1');
  const near = new End(connect(Number(nowhere.address.split(':')[1]), '127.0.0.1'));
  await near.closed;
  expect(near.error).toBe('ECONNRESET');
  await nowhere.close();
});

test('a process can exit after breaking a connection at the moment of its end', async () => {
  const script = fileURLToPath(new URL('broken-end.js', import.meta.url));
  const child = spawn(process.execPath, [script], { timeout: 60_000, killSignal: 'SIGKILL' });
  expect(await once(child, 'exit')).toEqual([0, null]);
});
