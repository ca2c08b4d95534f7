import { randomBytes } from 'node:crypto';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { InboxCommand } from '@parley/contract';

/** The transport of an inbox: a WebSocket at `/connect`, the gRPC call Session, or server-sent events at `/events`. */
export type InboxDoor = 'ws' | 'grpc' | 'sse';

/** An open inbox. */
export interface InboxLine {
  /** Bytes received so far. */
  readonly bytes: number;
  readonly isOver: boolean;
  close(): void;
}

/** Maximum number of inboxes from one address. The gateway has a limit for each address. */
const perAddress = 500;
const devicesPerNetwork = 20;
const watch = InboxCommand.encode(InboxCommand.fromPartial({ watch: {} })).finish();

/**
 * A WebSocket ping of the gateway, which arrives alone at an idle inbox, and the pong that answers
 * it.
 */
const socketPing = Buffer.from([0x89, 0]);
const socketPong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

/** Returns the address from which to open the inbox with this number. */
function localAddress(at: number): string {
  return `127.0.0.${2 + Math.floor(at / perAddress)}`;
}

/**
 * Returns an address that at most 20 devices share, because many devices that open at once come
 * from many networks.
 */
export function networkAddress(at: number): string {
  return `127.0.${1 + Math.floor(at / (devicesPerNetwork * 200))}.${2 + (Math.floor(at / devicesPerNetwork) % 200)}`;
}

function dial(address: string, at: number): Socket {
  const { hostname, port } = new URL(`http://${address}`);
  return connect({ host: hostname, port: Number(port), localAddress: localAddress(at), noDelay: true });
}

class CountedLine implements InboxLine {
  bytes = 0;
  isOver = false;
  readonly #cut: () => void;

  constructor(cut: () => void) {
    this.#cut = cut;
  }

  close(): void {
    this.#cut();
  }
}

function openSocket(address: string, token: string, at: number): Promise<InboxLine> {
  const line = openHttp(address, at, [
    'GET /connect HTTP/1.1',
    'upgrade: websocket',
    'connection: Upgrade',
    'sec-websocket-version: 13',
    `sec-websocket-key: ${randomBytes(16).toString('base64')}`,
    `sec-websocket-protocol: parley.v1, bearer.${token}`,
  ]);
  line.socket.write(Buffer.concat([Buffer.from([0x82, 0x80 | watch.length, 0, 0, 0, 0]), watch]));
  return line.opened;
}

function openEvents(address: string, token: string, at: number): Promise<InboxLine> {
  return openHttp(address, at, ['GET /events HTTP/1.1', `authorization: Bearer ${token}`]).opened;
}

/** Sends the head of a request. The inbox is open when bytes follow the head of the response. */
function openHttp(address: string, at: number, head: readonly string[]) {
  const socket = dial(address, at);
  const line = new CountedLine(() => socket.destroy());
  socket.write(`${[...head, `host: ${address}`].join('\r\n')}\r\n\r\n`);
  const whenOpen = opened(line, (answers) => {
    let hasHead = false;
    socket.on('error', () => {});
    socket.on('close', () => answers(new Error(`The connection closed after ${line.bytes} bytes.`)));
    socket.on('data', (chunk: Buffer) => {
      line.bytes += chunk.length;
      if (chunk.equals(socketPing)) return void socket.write(socketPong);
      const end = hasHead ? -1 : chunk.indexOf('\r\n\r\n');
      if (hasHead || end + 4 < chunk.length) answers();
      hasHead = true;
    });
  });
  return { socket, opened: whenOpen };
}

function openCall(address: string, token: string, at: number): Promise<InboxLine> {
  const session: ClientHttp2Session = connectHttp2(`http://${address}`, { createConnection: () => dial(address, at) });
  const line = new CountedLine(() => session.destroy());
  session.on('error', () => {});
  const stream = session.request({
    ':method': 'POST',
    ':path': '/chat.v1.InboxService/Session',
    'content-type': 'application/grpc+proto',
    te: 'trailers',
    authorization: `Bearer ${token}`,
  });
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(watch.length, 1);
  stream.write(Buffer.concat([prefix, watch]));
  return opened(line, (answers) => {
    stream.on('error', () => {});
    stream.on('close', () => answers(new Error(`The call ended after ${line.bytes} bytes.`)));
    stream.on('data', (chunk: Buffer) => {
      line.bytes += chunk.length;
      answers();
    });
  });
}

/** Waits for the first event of an inbox. */
function opened(line: CountedLine, listen: (answers: (end?: Error) => void) => void): Promise<InboxLine> {
  return new Promise((resolve, reject) => {
    listen((end) => {
      if (end === undefined) return resolve(line);
      line.isOver = true;
      reject(end);
    });
  });
}

/** Opens an inbox, and waits for its first event. */
export function openInbox(door: InboxDoor, address: string, token: string, at: number): Promise<InboxLine> {
  const open = { ws: openSocket, grpc: openCall, sse: openEvents }[door];
  return open(address, token, at);
}
