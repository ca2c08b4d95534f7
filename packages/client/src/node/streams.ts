import type { ChannelCredentials } from '@grpc/grpc-js';
import { ChatService, InboxCommand, InboxService, type Message } from '@parley/contract';
import { bearerMetadata } from '@parley/rpc';
import type { ConnectOptions, ConnectStream, InboxConnection, WatchOptions } from '../transport.js';
import { GrpcStream } from './grpc-stream.js';

/** Opens the stream of a seat. */
export function openSeat(
  { seat, resume, ...observer }: ConnectOptions,
  credentials: ChannelCredentials,
): ConnectStream {
  const metadata = bearerMetadata(seat.token);
  metadata.set('chat-events', '1');
  if (resume !== undefined) metadata.set('chat-resume', `${resume.log}:${resume.seq}`);
  const peer = { addr: seat.server?.addr ?? '', title: 'Chat server', credentials };
  return new GrpcStream(peer, ChatService.connect, metadata, observer);
}

/**
 * The gateways at which to open inboxes. If a stream fails or its gateway drains, the next address
 * is tried.
 */
export class Gateways {
  readonly #addresses: readonly string[];
  readonly #credentials: ChannelCredentials;
  #next: number;

  /** `addresses` is a list of `host:port`, separated by commas. */
  constructor(addresses: string, credentials: ChannelCredentials) {
    this.#addresses = addresses.split(',').map((address) => address.trim());
    this.#credentials = credentials;
    this.#next = Math.floor(Math.random() * this.#addresses.length);
  }

  /** Opens an inbox. */
  watch({ token, watch, onEvent, onEnd }: WatchOptions): InboxConnection {
    const at = this.#next;
    const peer = { addr: this.#addresses[at] ?? '', title: 'Gateway', credentials: this.#credentials };
    const passOver = () => {
      this.#next = (at + 1) % this.#addresses.length;
    };
    const stream = new GrpcStream(peer, InboxService.session, bearerMetadata(token), {
      onFrame: (event) => {
        if (event.draining !== undefined) passOver();
        onEvent(event);
      },
      onEnd: (refusal) => {
        if (refusal !== undefined) passOver();
        onEnd(refusal);
      },
    });
    const command = (fields: Parameters<typeof InboxCommand.fromPartial>[0]) =>
      stream.send(InboxCommand.fromPartial(fields));
    command({ watch });
    return {
      post: (frame: Message) => command({ post: frame }),
      pong: (sentAt) => command({ pong: { sentAt } }),
      renew: (fresh) => command({ token: fresh }),
      leave: () => stream.leave(),
      cut: () => stream.cut(),
    };
  }
}
