import type { Channel, InboxEvent, ListenResponse, Message, Method, WatchRequest } from '@parley/contract';
import type { Refusal } from '@parley/runtime/refusal';
import type { LogPosition } from './core/bookmark.js';

/** Options of every call of a transport. */
export interface CallOptions {
  /** The user token, if the call needs one. */
  readonly token?: string | undefined;
  /** Cancels the call, which rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A call with one request and one response. */
export interface UnaryCall<Request, Response> extends Method<Request, Response> {
  /** The service that serves this call: the user-service or a manager. */
  readonly service: 'users' | 'managers';
  /** Whether the call may be sent to a second address if the first one does not respond. */
  readonly isRepeatable: boolean;
}

/** The result of Listen: the chat server to connect to, and the join token for it. */
export type Seat = Pick<ListenResponse, 'server' | 'token'>;

/** Options of `Transport.connect`. */
export interface ConnectOptions {
  readonly seat: Seat;
  /** Resume after this position; undefined: start at the end of the log. */
  readonly resume: LogPosition | undefined;
  /** Called with every frame, in order. */
  readonly onFrame: (frame: Message) => void;
  /** Called once after the last frame, with the status of the stream, or undefined for OK. */
  readonly onEnd: (refusal: Refusal | undefined) => void;
}

/** An open stream of one channel. */
export interface ConnectStream {
  /** Sends a frame. After the end of the stream it does nothing. */
  send(frame: Message): void;
  /** Tells the server that the client is leaving; the server then ends the stream. */
  leave(): void;
  /** Ends the stream immediately. */
  cut(): void;
}

/** Options of `Transport.watch`. */
export interface WatchOptions {
  readonly token: string | undefined;
  /** The position to resume from. */
  readonly watch: WatchRequest;
  /** Called with every event, in order; also with the acks of posts. */
  readonly onEvent: (event: InboxEvent) => void;
  /** Called once after the last event, with the status of the stream, or undefined for OK. */
  readonly onEnd: (refusal: Refusal | undefined) => void;
}

/** An open stream of an inbox. After its end, no method does anything. */
export interface InboxConnection {
  /** Sends a message, a receipt or `typing` to the chat `channelId` of the frame. */
  post(frame: Message): void;
  /** Responds to a ping. */
  pong(sentAt: number): void;
  /**
   * Continues with another token of the same user. Absent if the transport needs another stream for
   * that, as gRPC-Web does.
   */
  readonly renew?: (token: string) => void;
  /** Ends the stream after everything that was posted. */
  leave(): void;
  /** Ends the stream immediately. */
  cut(): void;
}

/**
 * Carries calls and streams to the services. `grpcTransport` and `webTransport` implement it. Calls
 * reject with a `Refusal` and are not retried after a response; streams are never reopened here.
 */
export interface Transport {
  /** Makes a call with one response. */
  ask<Q, S>(call: UnaryCall<Q, S>, request: Q, options: CallOptions): Promise<S>;
  /**
   * Fetches the channel `id`. With id 0, fetches the channels that the user may see, as
   * `ParleyClient.channels` does.
   */
  list(id: number, options: CallOptions): Promise<Channel[]>;
  /** Takes a seat in the channel. An earlier seat of the same user and channel becomes void. */
  listen(id: number, options: CallOptions): Promise<Seat>;
  /** Opens the stream of a seat. It never throws; `onEnd` reports failures. */
  connect(options: ConnectOptions): ConnectStream;
  /**
   * Opens the inbox of the user. It never throws; `onEnd` reports failures. Absent if the transport
   * has no address of a gateway.
   */
  watch?(options: WatchOptions): InboxConnection;
  /** Closes the connections for calls. Streams end by themselves. */
  close(): void;
}
