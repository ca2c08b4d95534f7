import type { Transport } from '../transport.js';
import { type SocketConstructor, SocketInbox } from './socket-inbox.js';

/** Options of `socketTransport`. */
export interface SocketOptions {
  /**
   * Origin of the gateway or proxy, such as `https://chat.example.org`. Default: the origin of the
   * page.
   */
  readonly origin?: string;
  /** Constructor of WebSockets. Default: `WebSocket` of the browser. */
  readonly WebSocket?: SocketConstructor;
}

const path = '/connect';

/** The globals of a browser that the transport uses. */
interface BrowserGlobals {
  readonly WebSocket?: SocketConstructor;
  readonly location?: { readonly origin: string };
}

/**
 * Returns a transport whose inbox is on a WebSocket. `calls` makes everything else: calls, and the
 * streams of conversations.
 * @throws {Error} if there is no WebSocket, as in Node 20, or no origin
 * @example
 * ```ts
 * import { createClient } from '@parley/client';
 * import { socketTransport } from '@parley/client/socket';
 * import { webTransport } from '@parley/client/web';
 *
 * const client = createClient({ transport: socketTransport(webTransport()) });
 * ```
 */
export function socketTransport(calls: Transport, options: SocketOptions = {}): Transport {
  const globals = globalThis as BrowserGlobals;
  const { origin = globals.location?.origin, WebSocket = globals.WebSocket } = options;
  if (WebSocket === undefined) {
    throw new Error('There is no WebSocket here. Give socketTransport one as `WebSocket`, such as that of `ws`.');
  }
  if (origin === undefined) throw new Error('There is no page here. Give socketTransport the `origin` of a gateway.');
  const url = origin.replace(/^http/, 'ws') + path;
  return { ...calls, watch: (watch) => new SocketInbox(watch, url, WebSocket) };
}
