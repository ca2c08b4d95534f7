import { Channel, ChannelService, User, UserService } from '@parley/contract';
import type { Transport } from '../transport.js';
import { WebCaller } from './web-caller.js';
import { GrpcWebStream } from './web-stream.js';

export interface WebOptions {
  /** Where the gateway or the proxy is, such as `https://chat.example.org`; default: where the page came from. */
  readonly origin?: string;
}

/**
 * gRPC-Web through a gateway or a proxy, for browsers.
 * @throws {Error} elsewhere, where there is no XMLHttpRequest.
 */
export function webTransport({ origin = '' }: WebOptions = {}): Transport {
  if (!('XMLHttpRequest' in globalThis)) {
    throw new Error('webTransport is for browsers: here, use grpcTransport of @parley/client/node');
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
