import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { prefixedBounds, prefixedFrame } from './prefixed.js';
import type { BenchWire, LineEvents, StreamLine } from './wire.js';

const windowBytes = 2 ** 31 - 1;
const request = {
  ':method': 'POST',
  ':path': '/chat.v1.ChatService/Connect',
  'content-type': 'application/grpc+proto',
  te: 'trailers',
};

/**
 * A hand-written gRPC client on node:http2. Its flow-control windows are so large that they never
 * limit a stream.
 */
export class GrpcWire implements BenchWire {
  readonly #authority: string;
  readonly #sessions: ClientHttp2Session[] = [];
  readonly #connections: number;
  #opened = 0;
  readonly frame = prefixedFrame;
  readonly bounds = prefixedBounds;

  /**
   * Creates a client. `connections` is the number of connections that the streams share in turn. If
   * it is infinite, each stream has its own.
   */
  constructor(address: string, connections: number) {
    this.#authority = `http://${address}`;
    this.#connections = connections;
  }

  async open(headers: Readonly<Record<string, string>>, { onBytes, onEnd }: LineEvents): Promise<StreamLine> {
    const stream = (await this.#session()).request({ ...request, ...headers });
    stream.on('data', onBytes);
    stream.on('close', () => onEnd(`the stream ended with code ${stream.rstCode}`));
    await untilResponse(stream);
    return { write: (frames) => void stream.write(frames), close: () => stream.end() };
  }

  async stall(headers: Readonly<Record<string, string>>): Promise<void> {
    const session = connect(this.#authority);
    this.#sessions.push(session);
    session.on('error', () => {});
    const stream = session.request({ ...request, ...headers });
    await untilResponse(stream); // Without a data listener the stream reads nothing.
    stream.on('error', () => {}); // The server resets it sooner or later.
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  async #session(): Promise<ClientHttp2Session> {
    const known = this.#sessions[this.#opened++ % this.#connections];
    if (known !== undefined) return known;
    const session = connect(this.#authority, { settings: { initialWindowSize: windowBytes, enablePush: false } });
    this.#sessions.push(session);
    session.on('error', () => {}); // Its streams report the error.
    await new Promise((resolve) => session.once('connect', resolve).once('close', resolve));
    if (!session.destroyed) session.setLocalWindowSize(windowBytes);
    return session;
  }
}

function untilResponse(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('error', reject);
    stream.once('response', (headers) => {
      const status = headers['grpc-status'];
      if (status === undefined || status === '0') resolve();
      else reject(new Error(`refused: ${status} ${headers['grpc-message']}`));
    });
  });
}
