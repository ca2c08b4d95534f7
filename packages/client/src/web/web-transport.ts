import { Channel } from '@parley/contract';
import type { Transport } from '../transport.js';
import { webMethods } from './stream-methods.js';
import { WebCaller } from './web-caller.js';
import { WebInbox } from './web-inbox.js';
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
    ask: (call, request, options) => caller.one(call, request, options),
    list: (id, options) => caller.all(webMethods.list, Channel.fromPartial({ id }), options),
    listen: (id, options) => caller.one(webMethods.listen, Channel.fromPartial({ id }), options),
    connect: (options) => new GrpcWebStream(options, caller),
    watch: (options) => new WebInbox(options, caller),
    close: () => {},
  };
}
