import type { Client, ServiceError } from '@grpc/grpc-js';
import { Channel, ChannelService } from '@parley/contract';
import { bearerMetadata, refusalFromStatus, startServerStream } from '@parley/rpc';
import { onAbort } from '../abort.js';
import type { CallOptions, Transport } from '../transport.js';
import { ask, credentialsFor, repeatable, type Security } from './calls.js';
import { Peers } from './peers.js';
import { Gateways, openSeat } from './streams.js';

/**
 * Options of `grpcTransport`. They do not apply to chat servers: for each of these, the managers
 * say whether it uses TLS.
 */
export interface GrpcOptions extends Security {
  /**
   * Addresses of the user-services: `host:port`, several separated by commas. Any of them will do.
   */
  readonly userService: string;
  /** Addresses of the channel-services (managers), in the same form. */
  readonly channelService: string;
  /**
   * Addresses of the gRPC ports of the gateways, in the same form. Only `ParleyClient.inbox` needs
   * them.
   */
  readonly gateway?: string;
  /**
   * Called with the address of a chat server that is reached in plain text although `tls` is set.
   */
  readonly onPlainStream?: (addr: string) => void;
}

function list(client: Client, id: number, withinMs: number, { token, signal }: CallOptions): Promise<Channel[]> {
  const deadline = Date.now() + withinMs;
  const stream = startServerStream(client, ChannelService.list, Channel.fromPartial({ id }), bearerMetadata(token), {
    deadline,
  });
  const forget = onAbort(signal, () => stream.cancel());
  const listed = new Promise<Channel[]>((resolve, reject) => {
    const channels: Channel[] = [];
    stream.on('data', (channel: Channel) => channels.push(channel));
    stream.on('error', (error: ServiceError) => reject(signal?.aborted ? signal.reason : refusalFromStatus(error)));
    stream.on('end', () => resolve(channels));
  });
  return listed.finally(forget);
}

/**
 * Returns a gRPC transport for Node. It connects on the first call.
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { createClient } from '@parley/client';
 * import { grpcTransport } from '@parley/client/node';
 *
 * const transport = grpcTransport({
 *   userService: 'a.example.org:50051,b.example.org:50051',
 *   channelService: 'a.example.org:50052,b.example.org:50052',
 *   tls: true,
 *   ca: readFileSync('ca.pem'),
 * });
 * const client = createClient({ transport });
 * ```
 */
export function grpcTransport(options: GrpcOptions): Transport {
  const { userService, channelService, gateway, tls = false, ca, onPlainStream } = options;
  const credentials = (isTls: boolean) => credentialsFor({ tls: isTls, ...(ca && { ca }) });
  const users = new Peers(userService, credentials(tls));
  const managers = new Peers(channelService, credentials(tls));
  const gateways = gateway === undefined ? undefined : new Gateways(gateway, credentials(tls));
  const listen = repeatable(managers, ChannelService.listen); // The newest seat wins.
  return {
    ask: (call, request, options) => ask({ users, managers }[call.service], call, request, options),
    list: (id, options) =>
      managers.ask((one, withinMs) => list(one, id, withinMs, options), { repeatable: true, signal: options.signal }),
    listen: (id, options) => listen(Channel.fromPartial({ id }), options),
    connect: (options) => {
      const { addr = '', tls: speaksTls = false } = options.seat.server ?? {};
      if (tls && !speaksTls) onPlainStream?.(addr);
      return openSeat(options, credentials(speaksTls));
    },
    ...(gateways && { watch: (options) => gateways.watch(options) }),
    close: () => {
      users.close();
      managers.close();
    },
  };
}
