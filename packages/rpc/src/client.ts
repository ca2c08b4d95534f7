import {
  type Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type CallOptions as GrpcCallOptions,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { encodeRequest, type Method } from '@parley/contract';
import { type CallContext, currentCall, requestIdKey, traceparentKey } from '@parley/runtime';
import { asBuffer } from './frame.js';
import { grpcMethod } from './method.js';
import { refusalFromStatus } from './status.js';

/**
 * Options of every client: quick reconnects, keepalive, no hidden retry buffer, and no `http_proxy`
 * between services.
 */
export const clientOptions: ClientOptions = {
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5_000,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.enable_retries': 0,
  'grpc.enable_channelz': 0,
  'grpc.enable_http_proxy': 0,
};

/**
 * Size of the HTTP/2 window of one connection: the bytes that it accepts before this process reads
 * them. By default, all streams of a connection share 64 KiB, so a process gets no more than 64 KiB
 * in each turn of its event loop, however many users share the connection.
 */
export const connectionWindowBytes = 1_048_576;

/**
 * Options of a client whose streams are never paused: the options of every client, and a large
 * window. A paused stream could hold a whole window in memory.
 */
export const streamOptions: ClientOptions = {
  ...clientOptions,
  'grpc-node.flow_control_window': connectionWindowBytes,
};

/** Token, caller and deadline of a unary call. */
export interface UnaryOptions {
  /** Token that is sent as `authorization: Bearer <token>`. */
  readonly token?: string | undefined;
  /** Address of the user for whom a proxy makes the call. Services believe only trusted proxies. */
  readonly forwardedFor?: string;
  /** Deadline in milliseconds from now. */
  readonly withinMs: number;
}

/**
 * Creates metadata with a bearer token, if there is one, and with the address of the user for whom a
 * proxy calls.
 */
export function bearerMetadata(token: string | undefined, forwardedFor?: string): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  if (forwardedFor !== undefined) metadata.set('x-forwarded-for', forwardedFor);
  return metadata;
}

/**
 * Adds the id and the trace of a call, so that the service that is called for it logs the same id.
 * Returns the same metadata.
 * @example
 * ```ts
 * import { Metadata } from '@grpc/grpc-js';
 * import { withCallId } from '@parley/rpc';
 * import { CallContext } from '@parley/runtime';
 *
 * const call = new CallContext({ requestId: 'mine', traceparent: undefined });
 * console.log(withCallId(new Metadata(), call).get('x-request-id')); // [ 'mine' ]
 * ```
 */
export function withCallId(metadata: Metadata, call: CallContext | undefined = currentCall()): Metadata {
  if (call === undefined) return metadata;
  metadata.set(requestIdKey, call.id);
  if (call.traceparent !== undefined) metadata.set(traceparentKey, call.traceparent);
  return metadata;
}

/**
 * Starts a unary call and returns it, so that it can be cancelled. `done` is called once.
 * @throws {TypeError} if the request cannot be encoded; grpc-js would report that as a server
 * failure.
 */
export function startUnary<Q, S>(
  client: Client,
  method: Method<Q, S>,
  request: Q,
  { token, forwardedFor, withinMs }: UnaryOptions,
  done: (error: ServiceError | null, response?: S) => void,
): ClientUnaryCall {
  const { path, responseDeserialize } = grpcMethod(method);
  const bytes = encodeRequest(method, request);
  const deadline = Date.now() + withinMs;
  const metadata = withCallId(bearerMetadata(token, forwardedFor));
  return client.makeUnaryRequest(path, asBuffer, responseDeserialize, bytes, metadata, { deadline }, done);
}

/** Starts a call whose response is a stream. */
export function startServerStream<Q, S>(
  client: Client,
  method: Method<Q, S>,
  request: Q,
  metadata = new Metadata(),
  options: GrpcCallOptions = {},
): ClientReadableStream<S> {
  const { path, requestSerialize, responseDeserialize } = grpcMethod(method);
  return client.makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    request,
    withCallId(metadata),
    options,
  );
}

/** Starts a call whose request and response are streams. */
export function startDuplex<Q, S>(
  client: Client,
  method: Method<Q, S>,
  metadata = new Metadata(),
): ClientDuplexStream<Q, S> {
  const { path, requestSerialize, responseDeserialize } = grpcMethod(method);
  return client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
}

/**
 * Calls a unary method and returns its response.
 * @throws {Refusal} with the reason from the server, or from the transport.
 */
export function callUnary<Q, S>(client: Client, method: Method<Q, S>, request: Q, options: UnaryOptions): Promise<S> {
  return new Promise((resolve, reject) => {
    startUnary(client, method, request, options, (error, response) => {
      if (error === null) resolve(response as S);
      else reject(refusalFromStatus(error));
    });
  });
}
