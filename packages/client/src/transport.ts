import type {
  Channel,
  HistoryRequest,
  HistoryResponse,
  ListChannelsRequest,
  ListChannelsResponse,
  ListenResponse,
  LoginRequest,
  LoginResponse,
  Message,
  RegisterRequest,
  User,
} from '@parley/contract';
import type { Refusal } from '@parley/runtime/refusal';
import type { LogPosition } from './core/bookmark.js';

/** What goes with a call. */
export interface CallOptions {
  /** The user token, where the call needs one. */
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What Listen answers: where to connect, and with which token. */
export type Seat = Pick<ListenResponse, 'server' | 'token'>;

export interface ConnectOptions {
  readonly seat: Seat;
  /** Continue after this place. */
  readonly resume: LogPosition | undefined;
  /** Every frame, in order. */
  readonly onFrame: (frame: Message) => void;
  /** Called once, after the last frame, with the status unless it is OK. */
  readonly onEnd: (refusal: Refusal | undefined) => void;
}

/** One stream in a channel, with events. */
export interface ConnectStream {
  /** After the end it goes nowhere. */
  send(frame: Message): void;
  /** Says that nothing more is sent; the server ends the stream. */
  leave(): void;
  /** Ends it at once. */
  cut(): void;
}

/** The way to a Parley: gRPC from Node, something else from a browser. Calls reject with a Refusal. */
export interface Transport {
  register(request: RegisterRequest, options: CallOptions): Promise<void>;
  login(request: LoginRequest, options: CallOptions): Promise<LoginResponse>;
  logout(options: CallOptions): Promise<void>;
  user(id: string, options: CallOptions): Promise<User>;
  /** One channel, or with id 0 all that the user may see. */
  list(id: number, options: CallOptions): Promise<Channel[]>;
  listChannels(request: ListChannelsRequest, options: CallOptions): Promise<ListChannelsResponse>;
  create(channel: Channel, options: CallOptions): Promise<Channel>;
  delete(id: number, options: CallOptions): Promise<void>;
  history(request: HistoryRequest, options: CallOptions): Promise<HistoryResponse>;
  listen(id: number, options: CallOptions): Promise<Seat>;
  connect(options: ConnectOptions): ConnectStream;
  /** Closes the connections for calls; streams end by themselves. */
  close(): void;
}
