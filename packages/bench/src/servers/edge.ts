/**
 * The path of a message through a gateway: from the feed of its channel to the WebSockets of its
 * readers, with the modules of the gateway. Messages arrive on connections that represent the
 * relay.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { InboxCommand, Message } from '@parley/contract';
import { type Flushable, FlushQueue } from '@parley/fanout';
import { type MemoryHolding, Metrics, silentLogger } from '@parley/runtime';
import { type Call, Proxies } from '@parley/service-kit';
import { loadService } from '../calls.js';
import { readFrames } from './joining-room.js';
import { memberIn, Rooms, reportToParent } from './room.js';
import { bound, decode, encode, type Member, stamp } from './work.js';

/** The parts of the gateway that the bench uses. */
interface EdgeFeed {
  readonly seq: number;
  offer(log: string, entry: object): boolean;
}
interface EdgeStream {
  onClose(listener: () => void): void;
}
interface EdgeReader extends Flushable {
  start(welcome: Uint8Array): void;
  follow(feed: EdgeFeed, stay: object, seq: number): void;
  close(): void;
}
interface EdgeDevice {
  readonly me: Member;
  readonly token: string;
  readonly stream: EdgeStream;
}
interface ReaderOptions {
  readonly me: Member;
  readonly stream: EdgeStream;
  readonly queue: FlushQueue;
  readonly unread: MemoryHolding;
  readonly mostBytes: number;
}
interface DoorDeps {
  readonly callers: { enterStream(call: Call): Promise<Member> };
  readonly openSession: (device: EdgeDevice) => { take(command: InboxCommand): void };
  readonly origins: readonly string[];
  readonly proxies: Proxies;
  readonly log: ReturnType<typeof silentLogger>;
  readonly metrics: Metrics;
}

const { Feeds } = await loadService<{
  Feeds: new (
    queue: FlushQueue,
    joined: () => void,
  ) => { open(end: object, shownUntil: number): EdgeFeed; tick(nowMs: number): void };
}>('gateway/inbox/feeds.js');
const { InboxReader } = await loadService<{ InboxReader: new (options: ReaderOptions) => EdgeReader }>(
  'gateway/inbox/reader.js',
);
const { encodeInboxEvent, entryOf } = await loadService<{
  encodeInboxEvent(fields: object): Uint8Array;
  entryOf(channelId: number, message: Message, bytes: Uint8Array): object;
}>('gateway/inbox/event-frames.js');
const { SocketDoor } = await loadService<{
  SocketDoor: new (
    deps: DoorDeps,
  ) => {
    handleUpgrade(visit: { request: IncomingMessage; socket: Duplex; head: Buffer; path: string }): boolean;
  };
}>('gateway/socket/socket-door.js');

const log = 'log';
const failed = (cause: unknown) => {
  throw cause;
};
const feeds = new Feeds(new FlushQueue(setImmediate, failed), () => {});
const queue = new FlushQueue(queueMicrotask, failed);
const uncounted = { set: () => {} };
const counted = { writes: 0, frames: 0 };
/** Time after which the gateway has dropped a feed without readers. */
const muchLaterMs = 120_000;
let channels = 0;

/** A channel with its feed. */
class Room {
  readonly #channelId = ++channels;
  readonly #feed = feeds.open(
    { channelId: this.#channelId, log, lastSeq: 0, lastAtMs: 0, ownerId: 'server' },
    Number.POSITIVE_INFINITY,
  );
  #readers = 0;
  #seq = 0;
  #isQueued = false;

  join({ me, stream }: EdgeDevice): void {
    const reader = new InboxReader({ me, stream, queue, unread: uncounted, mostBytes: Number.POSITIVE_INFINITY });
    this.#readers += 1;
    stream.onClose(() => {
      this.#readers -= 1;
      reader.close();
      if (this.#readers === 0) feeds.tick(performance.now() + muchLaterMs);
    });
    reader.start(encodeInboxEvent({ welcome: {} }));
    reader.follow(this.#feed, { sinceSeq: 0, hiddenUpTo: 0 }, this.#feed.seq);
    reader.flush();
  }

  publish(me: Member, bytes: Buffer): void {
    this.#seq += 1;
    const stamped = stamp(bound(decode(bytes)), me, this.#seq);
    this.#feed.offer(log, entryOf(this.#channelId, stamped, encode(stamped)));
    this.#count();
  }

  /** Counts a frame of each reader, and the write that carries it with the others of this turn. */
  #count(): void {
    counted.frames += this.#readers;
    if (this.#isQueued) return;
    this.#isQueued = true;
    counted.writes += this.#readers;
    setImmediate(() => {
      this.#isQueued = false;
    });
  }
}

const rooms = new Rooms(() => new Room());

/** Returns the headers in the token of a user. In this server, the token is a list of headers. */
function headersIn(token: string): Record<string, string> {
  return JSON.parse(Buffer.from(token, 'base64url').toString());
}

const door = new SocketDoor({
  callers: { enterStream: async (call) => memberIn(headersIn(call.bearer())) },
  openSession: (device) => {
    const room = rooms.find(String(headersIn(device.token)['bench-channel']));
    return { take: () => room.join(device) }; // The only command is `watch`.
  },
  origins: [],
  proxies: new Proxies([]),
  log: silentLogger(),
  metrics: new Metrics(),
});

function takeFeed({ headers }: IncomingMessage, socket: Duplex): void {
  const room = rooms.find(String(headers['bench-channel']));
  const me = memberIn(headers);
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n');
  readFrames(socket, (bytes) => room.publish(me, bytes));
}

const server = createServer();
server.on('upgrade', (request, socket, head) => {
  if (!door.handleUpgrade({ request, socket, head, path: String(request.url) })) takeFeed(request, socket);
});
server.listen(0, '127.0.0.1', () => reportToParent((server.address() as AddressInfo).port, () => counted));
