import { ChannelCredentials, type ClientUnaryCall, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { Channel, ChannelServiceClient, UserServiceClient } from '@parley/contract';
import { bearerMetadata, callUnary, clientOptions } from '@parley/rpc/client';
import { refusalFromStatus } from '@parley/rpc/status';
import { onAbort } from '../abort.js';
import type { CallOptions, Transport } from '../transport.js';
import { GrpcStream } from './grpc-stream.js';

export interface GrpcOptions {
  /** host:port */
  readonly userService: string;
  /** host:port */
  readonly channelService: string;
  /** Those two speak TLS. Chat servers say themselves whether they do. */
  readonly tls?: boolean;
  /** The certificate authorities to trust, as PEM; default: those of Node. */
  readonly ca?: Buffer;
}

const withinMs = 10_000;

type Method<Q, S> = (
  request: Q,
  metadata: Metadata,
  options: { deadline: number },
  done: (error: ServiceError | null, value: S) => void,
) => ClientUnaryCall;

/** One unary call that its signal cancels; rejects with a Refusal or the signal's reason. */
async function call<Q, S>(method: Method<Q, S>, request: Q, { token, signal }: CallOptions): Promise<S> {
  signal?.throwIfAborted();
  let forget = () => {};
  const abortable: Method<Q, S> = (...args) => {
    const started = method(...args);
    forget = onAbort(signal, () => started.cancel());
    return started;
  };
  try {
    return await callUnary(abortable, request, { withinMs, ...(token !== undefined && { token }) });
  } catch (thrown) {
    signal?.throwIfAborted();
    throw thrown;
  } finally {
    forget();
  }
}

function listAll(client: ChannelServiceClient, { token, signal }: CallOptions): Promise<Channel[]> {
  const deadline = Date.now() + withinMs;
  const stream = client.list(Channel.fromPartial({}), bearerMetadata(token), { deadline });
  const forget = onAbort(signal, () => stream.cancel());
  const listed = new Promise<Channel[]>((resolve, reject) => {
    const channels: Channel[] = [];
    stream.on('data', (channel: Channel) => channels.push(channel));
    stream.on('error', (error: ServiceError) => reject(signal?.aborted ? signal.reason : refusalFromStatus(error)));
    stream.on('end', () => resolve(channels));
  });
  return listed.finally(forget);
}

/** gRPC to the three services, over TLS where `tls` or the seat says so. */
export function grpcTransport({ userService, channelService, tls = false, ca }: GrpcOptions): Transport {
  const secure = () => ChannelCredentials.createSsl(ca ?? null);
  const credentialsFor = (isTls: boolean) => (isTls ? secure() : ChannelCredentials.createInsecure());
  const users = new UserServiceClient(userService, credentialsFor(tls), clientOptions);
  const channels = new ChannelServiceClient(channelService, credentialsFor(tls), clientOptions);
  return {
    register: async (user, options) => void (await call(users.register.bind(users), user, options)),
    login: (request, options) => call(users.login.bind(users), request, options),
    logout: async (options) => void (await call(users.logout.bind(users), { everywhere: false }, options)),
    list: (options) => listAll(channels, options),
    create: (channel, options) => call(channels.create.bind(channels), channel, options),
    delete: async (id, options) =>
      void (await call(channels.delete.bind(channels), Channel.fromPartial({ id }), options)),
    history: (request, options) => call(channels.history.bind(channels), request, options),
    listen: (id, options) => call(channels.listen.bind(channels), Channel.fromPartial({ id }), options),
    connect: (options) => new GrpcStream(options, credentialsFor(options.seat.server?.tls === true)),
    close: () => {
      users.close();
      channels.close();
    },
  };
}
