import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { BenchWire, Bounds, LineEvents, StreamLine } from './wire.js';

const finalBinary = 0x82;
const masked = 0x80;
const twoByteLength = 126;

/** A hand-written WebSocket client on TCP. A masking key of zero leaves the bytes unchanged. */
export class WsWire implements BenchWire {
  readonly #host: string;
  readonly #port: number;
  readonly #sockets: Socket[] = [];

  constructor(address: string) {
    const { hostname, port } = new URL(`http://${address}`);
    this.#host = hostname;
    this.#port = Number(port);
  }

  frame(message: Buffer): Buffer {
    if (message.length >= twoByteLength) throw new Error('The bench sends only short messages.');
    return Buffer.concat([Buffer.from([finalBinary, masked | message.length, 0, 0, 0, 0]), message]);
  }

  bounds(bytes: Buffer, at: number): Bounds | undefined {
    if (bytes.length < at + 4) return undefined;
    const short = bytes.readUInt8(at + 1);
    const start = at + (short === twoByteLength ? 4 : 2);
    const end = start + (short === twoByteLength ? bytes.readUInt16BE(at + 2) : short);
    return end > bytes.length ? undefined : { start, end };
  }

  async open(headers: Readonly<Record<string, string>>, { onBytes, onEnd }: LineEvents): Promise<StreamLine> {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
    this.#sockets.push(socket);
    socket.write(upgrade(`${this.#host}:${this.#port}`, headers));
    const early = await upgraded(socket);
    socket.on('data', onBytes);
    socket.on('close', () => onEnd('the socket closed'));
    if (early.length > 0) onBytes(early);
    return { write: (frames) => void socket.write(frames), close: () => socket.destroy() };
  }

  async stall(headers: Readonly<Record<string, string>>): Promise<void> {
    const socket = connect({ host: this.#host, port: this.#port });
    this.#sockets.push(socket);
    socket.write(upgrade(`${this.#host}:${this.#port}`, headers));
    await upgraded(socket);
    socket.pause();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function upgrade(host: string, headers: Readonly<Record<string, string>>): string {
  const all = {
    host,
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET / HTTP/1.1\r\n${lines.join('')}\r\n`;
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
