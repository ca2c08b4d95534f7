import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { frameOf } from '@parley/rpc';

const withinMs = 60_000;

/** A response over HTTP/2, as far as it has arrived. */
export class ProxiedResponse {
  readonly #stream: ClientHttp2Stream;
  readonly #parts: Buffer[] = [];
  #headers: IncomingHttpHeaders = {};
  readonly #done: Promise<unknown>;

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    for (const event of ['response', 'trailers'] as const)
      stream.on(event, (headers: IncomingHttpHeaders) => {
        this.#headers = { ...this.#headers, ...headers };
      });
    stream.on('data', (part: Buffer) => this.#parts.push(part));
    stream.on('error', () => {});
    this.#done = new Promise((resolve) => stream.once('close', resolve));
  }

  /** Headers, and the trailers once they are here. */
  get headers(): IncomingHttpHeaders {
    return this.#headers;
  }

  get status(): number {
    return Number(this.#headers[':status']);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** Waits until the body contains a text. @throws {Error} after a minute, or if the response ends first */
  async says(text: string): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!this.bytes.includes(text)) {
      const isOver = this.#stream.closed || Date.now() > deadline;
      if (isOver) throw new Error(`The response ${this.status} lacks ${text}: ${this.bytes.toString().slice(0, 500)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Resolves when the response is complete. */
  async whole(): Promise<this> {
    await this.#done;
    return this;
  }

  cancel(): void {
    this.#stream.close();
  }
}

/** A browser on one HTTP/2 connection to a proxy with TLS, from an address of its own. */
export class ProxiedClient {
  /** Address of this client. */
  static readonly address = '127.0.0.5';
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
  }

  /** Connects to a port, trusting the certificate. */
  static async open(port: number, ca: Buffer): Promise<ProxiedClient> {
    const socket = connectTls({
      ...{ host: '127.0.0.1', port, ca, servername: 'localhost', ALPNProtocols: ['h2'] },
      ...{ localAddress: ProxiedClient.address },
    });
    await once(socket, 'secureConnect');
    return new ProxiedClient(connect(`https://localhost:${port}`, { createConnection: () => socket }));
  }

  /** Sends a request. Its header `x-forwarded-for` claims another address. */
  send(method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: Buffer): ProxiedResponse {
    const all = { ':method': method, ':path': path, 'x-forwarded-for': '203.0.113.9', ...headers };
    const stream = this.#session.request(all, { endStream: body === undefined });
    const response = new ProxiedResponse(stream);
    if (body !== undefined) stream.end(body);
    return response;
  }

  /** Makes a call with one message. `type` is the content type of gRPC or of gRPC-Web. */
  call(path: string, message: Uint8Array, type: string, token?: string): ProxiedResponse {
    const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return this.send('POST', path, { 'content-type': type, te: 'trailers', ...bearer }, frameOf(message));
  }

  close(): void {
    this.#session.destroy();
  }
}
