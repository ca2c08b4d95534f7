import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { BenchWire, Bounds, LineEvents, StreamLine } from './wire.js';

const finalBinary = 0x82;
const masked = 0x80;
const twoByteLength = 126;

/** Returns the bounds of the payload of the frame at `at`, or undefined if it is incomplete. */
export function socketBounds(bytes: Buffer, at: number): Bounds | undefined {
  if (bytes.length < at + 4) return undefined;
  const short = bytes.readUInt8(at + 1);
  const start = at + (short === twoByteLength ? 4 : 2);
  const end = start + (short === twoByteLength ? bytes.readUInt16BE(at + 2) : short);
  return end > bytes.length ? undefined : { start, end };
}

/** A socket that has switched to WebSocket, and the bytes that followed the response. */
interface DialledSocket {
  readonly socket: Socket;
  readonly early: Buffer;
}

/** Opens WebSockets on TCP. */
export class WsDialer {
  readonly #address: URL;
  readonly #sockets: Socket[] = [];

  constructor(address: string) {
    this.#address = new URL(`http://${address}`);
  }

  async dial(path: string, headers: Readonly<Record<string, string>>): Promise<DialledSocket> {
    const { hostname, port, host } = this.#address;
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#sockets.push(socket);
    socket.write(upgrade(path, host, headers));
    return { socket, early: await upgraded(socket) };
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** A hand-written WebSocket client on TCP. A masking key of zero leaves the bytes unchanged. */
export class WsWire implements BenchWire {
  readonly #dialer: WsDialer;
  readonly bounds = socketBounds;

  constructor(address: string) {
    this.#dialer = new WsDialer(address);
  }

  frame(message: Buffer): Buffer {
    if (message.length >= twoByteLength) throw new Error('The bench sends only short messages.');
    return Buffer.concat([Buffer.from([finalBinary, masked | message.length, 0, 0, 0, 0]), message]);
  }

  async open(headers: Readonly<Record<string, string>>, { onBytes, onEnd }: LineEvents): Promise<StreamLine> {
    const { socket, early } = await this.#dialer.dial('/', headers);
    socket.on('data', onBytes);
    socket.on('close', () => onEnd('the socket closed'));
    if (early.length > 0) onBytes(early);
    return { write: (frames) => void socket.write(frames), close: () => socket.destroy() };
  }

  async stall(headers: Readonly<Record<string, string>>): Promise<void> {
    const { socket } = await this.#dialer.dial('/', headers);
    socket.pause();
  }

  close(): void {
    this.#dialer.close();
  }
}

function upgrade(path: string, host: string, headers: Readonly<Record<string, string>>): string {
  const all = {
    host,
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Waits for the response to the WebSocket upgrade. Resolves with the bytes that followed it. */
function upgraded(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('data', (answer: Buffer) => {
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0 || !answer.toString('latin1', 0, 12).endsWith('101'))
        reject(new Error('The server refused the upgrade.'));
      else resolve(answer.subarray(end + 4));
    });
  });
}
