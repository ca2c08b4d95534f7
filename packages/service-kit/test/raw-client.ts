import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectSocket } from 'node:net';

/** Response on one HTTP/2 stream. */
export interface RawAnswer {
  readonly status: number;
  readonly reason: string | undefined;
  /** Headers and trailers together. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  /** Code of the reset, or 0 without one. */
  readonly reset: number;
}

/** Client without a gRPC library, for requests that libraries never send. */
export class RawClient {
  readonly session: ClientHttp2Session;

  /** Connects to a server. `localAddress` is the address that the server sees. */
  constructor(port: number, localAddress = '127.0.0.1') {
    const createConnection = () => connectSocket({ port, host: '127.0.0.1', localAddress });
    const settings = { initialWindowSize: 65_535 };
    this.session = connect(`http://127.0.0.1:${port}`, { settings, createConnection });
    this.session.on('error', () => {});
  }

  open(path: string, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
    const stream = this.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    stream.on('error', () => {});
    return stream;
  }

  /** Sends `body` unchanged, without framing, and half-closes. */
  call(path: string, body: Buffer, headers?: OutgoingHttpHeaders): Promise<RawAnswer> {
    const stream = this.open(path, headers);
    stream.end(body);
    return answerOf(stream);
  }

  close(): void {
    this.session.destroy();
  }
}

/** Reads a stream to its end. */
export function answerOf(stream: ClientHttp2Stream): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  let last: Record<string, unknown> = {};
  const note = (headers: object) => {
    last = { ...last, ...headers };
  };
  stream.on('response', note).on('trailers', note);
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    stream.on('close', () =>
      resolve({
        status: Number(last['grpc-status']),
        reason: last['chat-reason'] as string | undefined,
        headers: last,
        body: Buffer.concat(chunks),
        reset: stream.rstCode ?? 0,
      }),
    );
  });
}
