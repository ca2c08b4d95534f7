import type { Socket } from 'node:net';
import { prefixedFrame } from './prefixed.js';
import type { BenchWire, Bounds, LineEvents, StreamLine } from './wire.js';
import { socketBounds, WsDialer } from './ws-wire.js';

/** Masked frame with the command `watch: {}`. The masking key is zero. */
const watchFrame = Buffer.from([0x82, 0x82, 0, 0, 0, 0, 0x0a, 0x00]);
/** Bit of a varint byte that is set if another byte follows. */
const moreBit = 0x80;

/**
 * A client of the gateway's WebSockets. As in Parley, messages do not arrive on these sockets, but
 * on a connection that represents the relay.
 */
export class EdgeWire implements BenchWire {
  readonly #dialer: WsDialer;
  readonly frame = prefixedFrame;

  constructor(address: string) {
    this.#dialer = new WsDialer(address);
  }

  /** Returns the bounds of the message in the event in the frame. */
  bounds(bytes: Buffer, at: number): Bounds | undefined {
    const event = socketBounds(bytes, at);
    if (event === undefined) return undefined;
    const isLong = bytes.readUInt8(event.start + 1) >= moreBit;
    return { start: event.start + (isLong ? 3 : 2), end: event.end };
  }

  async open(headers: Readonly<Record<string, string>>, { onBytes, onEnd }: LineEvents): Promise<StreamLine> {
    const { socket, early } = await this.#watch(headers);
    socket.on('data', onBytes);
    socket.on('close', () => onEnd('the socket closed'));
    if (early.length > 0) onBytes(early);
    let feed: Promise<Socket> | undefined;
    const write = (frames: Buffer) => {
      feed ??= this.#dialer.dial('/feed', headers).then((dialled) => dialled.socket);
      void feed.then((line) => line.write(frames));
    };
    return { write, close: () => socket.destroy() };
  }

  async stall(headers: Readonly<Record<string, string>>): Promise<void> {
    const { socket } = await this.#watch(headers);
    socket.pause();
  }

  close(): void {
    this.#dialer.close();
  }

  /** Opens a socket and waits for its welcome. */
  async #watch(headers: Readonly<Record<string, string>>): Promise<{ socket: Socket; early: Buffer }> {
    const token = Buffer.from(JSON.stringify(headers)).toString('base64url');
    const { socket, early } = await this.#dialer.dial('/connect', {
      'sec-websocket-protocol': `parley.v1, bearer.${token}`,
    });
    socket.write(watchFrame);
    let bytes = early;
    for (let welcome = socketBounds(bytes, 0); ; welcome = socketBounds(bytes, 0)) {
      if (welcome !== undefined) return { socket, early: bytes.subarray(welcome.end) };
      const chunk = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
      bytes = Buffer.concat([bytes, chunk]);
    }
  }
}
