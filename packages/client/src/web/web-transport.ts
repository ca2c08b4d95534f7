import { Channel, ChannelService, User, UserService } from '@parley/contract';
import type { Transport } from '../transport.js';
import { WebCaller } from './web-caller.js';
import { GrpcWebStream } from './web-stream.js';

/** Options of `webTransport`. */
export interface WebOptions {
  /**
   * Origin of the gateway or proxy, such as `https://chat.example.org`. Default: the origin of the
   * page.
   */
  readonly origin?: string;
}

/**
 * Returns a gRPC-Web transport for browsers, through the gateway or a proxy.
 * @throws {Error} if there is no XMLHttpRequest, as in Node
 * @example
 * ```ts
 * import { createClient } from '@parley/client';
 * import { webTransport } from '@parley/client/web';
 *
 * const client = createClient({ transport: webTransport() });
 * ```
 */
export function webTransport({ origin = '' }: WebOptions = {}): Transport {
  if (!('XMLHttpRequest' in globalThis)) {
    throw new Error('webTransport needs a browser. In Node, use grpcTransport from @parley/client/node.');
  }
  const caller = new WebCaller(origin);
  return {
    register: async (request, options) => void (await caller.one(UserService.register, request, options)),
    login: (request, options) => caller.one(UserService.login, request, options),
    logout: async (options) => void (await caller.one(UserService.logout, { everywhere: false }, options)),
    user: (id, options) => caller.one(UserService.get, User.fromPartial({ id }), options),
    list: (id, options) => caller.all(ChannelService.list, Channel.fromPartial({ id }), options),
    listChannels: (request, options) => caller.one(ChannelService.listChannels, request, options),
    create: (channel, options) => caller.one(ChannelService.create, channel, options),
    delete: async (id, options) => void (await caller.one(ChannelService.delete, Channel.fromPartial({ id }), options)),
    history: (request, options) => caller.one(ChannelService.history, request, options),
    listen: (id, options) => caller.one(ChannelService.listen, Channel.fromPartial({ id }), options),
    connect: (options) => new GrpcWebStream(options, caller),
    close: () => {},
  };
}
