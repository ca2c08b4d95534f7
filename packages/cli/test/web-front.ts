import { createServer, type IncomingMessage, type RequestListener, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { type IssuedPair, listen } from '@parley/testkit';

/** How a proxy in front of a gateway is misconfigured. Without options, it passes everything on. */
export interface FrontFaults {
  readonly tls?: IssuedPair;
  /** Collects a whole response before it passes it on. */
  readonly isBuffering?: boolean;
  /** Largest body in bytes. */
  readonly bodyBytes?: number;
  /** Time in the header `date`. */
  readonly date?: Date;
  /** Does not know WebSockets. */
  readonly ignoresUpgrade?: boolean;
  /** Closes a stream this many milliseconds after its first bytes. */
  readonly cutAfterMs?: number;
  /** Replaces the types of gRPC-Web. */
  readonly contentType?: string;
  /** Changes the bytes of responses. */
  readonly damage?: (bytes: Buffer) => Buffer;
}

/** A small real proxy in front of a gateway. */
export class WebFront {
  readonly url: string;
  readonly port: number;
  readonly #close: () => void;

  private constructor(port: number, isTls: boolean, close: () => void) {
    this.port = port;
    this.url = `${isTls ? 'https' : 'http'}://127.0.0.1:${port}`;
    this.#close = close;
  }

  /** Starts a proxy in front of a gateway; or a server with a handler of its own. */
  static async start(upstream: string | RequestListener, faults: FrontFaults = {}): Promise<WebFront> {
    const { tls } = faults;
    const listener = typeof upstream === 'string' ? forwarder(new URL(upstream), faults) : upstream;
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    if (typeof upstream === 'string' && faults.ignoresUpgrade !== true) passUpgrades(server, new URL(upstream));
    const { port, close } = await listen(server);
    return new WebFront(port, tls !== undefined, close);
  }

  stop(): void {
    this.#close();
  }
}

function passUpgrades(server: ReturnType<typeof createServer>, { hostname, port }: URL): void {
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket) => {
    const up = connect(Number(port), hostname);
    const headers = incoming.rawHeaders.map((one, at) => (at % 2 === 0 ? `${one}: ` : `${one}\r\n`)).join('');
    up.write(`GET ${incoming.url} HTTP/1.1\r\n${headers}\r\n`);
    up.on('error', () => socket.destroy()).pipe(socket);
    socket.on('error', () => up.destroy()).pipe(up);
  });
}

function forwarder(upstream: URL, faults: FrontFaults): RequestListener {
  return (incoming, outgoing) => {
    if (Number(incoming.headers['content-length'] ?? 0) > (faults.bodyBytes ?? Number.POSITIVE_INFINITY)) {
      outgoing.writeHead(413, { connection: 'close' }).end('too large');
      return;
    }
    const { method, url, headers } = incoming;
    const { connection: _connection, upgrade: _upgrade, ...passed } = headers;
    const sent = request(new URL(String(url), upstream), { method, headers: passed, agent: false });
    sent.on('error', () => outgoing.destroy());
    sent.on('response', (response) => passResponse(response, outgoing, faults));
    outgoing.on('close', () => sent.destroy());
    incoming.pipe(sent);
  };
}

function passResponse(response: IncomingMessage, outgoing: ServerResponse, faults: FrontFaults): void {
  const { isBuffering = false, cutAfterMs, contentType, date, damage = (bytes: Buffer) => bytes } = faults;
  const type = String(response.headers['content-type'] ?? '');
  const headers = {
    ...response.headers,
    ...(date !== undefined && { date: date.toUTCString() }),
    ...(contentType !== undefined && type.startsWith('application/grpc-web') && { 'content-type': contentType }),
  };
  outgoing.writeHead(response.statusCode ?? 500, headers);
  let cut: NodeJS.Timeout | undefined;
  if (cutAfterMs !== undefined)
    response.once('data', () => {
      cut = setTimeout(() => outgoing.destroy(), cutAfterMs);
    });
  outgoing.on('close', () => clearTimeout(cut));
  const parts: Buffer[] = [];
  response.on('data', (part: Buffer) => {
    if (isBuffering) parts.push(part);
    else outgoing.write(damage(part));
  });
  response.on('error', () => outgoing.destroy());
  response.on('end', () => outgoing.end(Buffer.concat(parts)));
}
