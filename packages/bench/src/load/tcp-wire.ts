import { connect, type Socket } from 'node:net';
import { prefixedBounds, prefixedFrame } from './prefixed.js';
import type { BenchWire, LineEvents, StreamLine } from './wire.js';

/** A client on plain TCP. Its first line has the headers as JSON; the response is an empty line. */
export class TcpWire implements BenchWire {
  readonly #address: URL;
  readonly #sockets: Socket[] = [];
  readonly frame = prefixedFrame;
  readonly bounds = prefixedBounds;

  constructor(address: string) {
    this.#address = new URL(`http://${address}`);
  }

  async open(headers: Readonly<Record<string, string>>, { onBytes, onEnd }: LineEvents): Promise<StreamLine> {
    const { socket, early } = await this.#join(headers);
    socket.on('data', onBytes);
    socket.on('close', () => onEnd('the socket closed'));
    if (early.length > 0) onBytes(early);
    return { write: (frames) => void socket.write(frames), close: () => socket.destroy() };
  }

  async stall(headers: Readonly<Record<string, string>>): Promise<void> {
    const { socket } = await this.#join(headers);
    socket.pause();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(headers: Readonly<Record<string, string>>): Promise<{ socket: Socket; early: Buffer }> {
    const { hostname, port } = this.#address;
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#sockets.push(socket);
    socket.write(`${JSON.stringify(headers)}\n`);
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('data', (bytes: Buffer) => resolve({ socket, early: bytes.subarray(1) }));
    });
  }
}
