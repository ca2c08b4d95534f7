import type { InboxConnection, Transport, WatchOptions } from '@parley/client';
import { socketTransport } from '@parley/client/socket';
import { webTransport } from '@parley/client/web';

/**
 * Returns the transport of the page. Its inbox is on a WebSocket. If the WebSocket cannot be
 * opened, for example because a proxy does not carry WebSockets, the next attempt uses gRPC-Web,
 * and so on in turn.
 */
export function pageTransport(): Transport {
  const web = webTransport();
  const socket = socketTransport(web);
  return { ...web, watch: alternating([socket.watch, web.watch].filter((watch) => watch !== undefined)) };
}

/**
 * Returns a function that opens inboxes in one of several ways. If a stream does not begin, the
 * next stream uses the next way.
 */
export function alternating(ways: readonly NonNullable<Transport['watch']>[]): NonNullable<Transport['watch']> {
  let way = 0;
  return (options: WatchOptions): InboxConnection => {
    let hasBegun = false;
    const watch = ways[way % ways.length];
    if (watch === undefined) throw new Error('There is no way to watch.');
    return watch({
      ...options,
      onEvent: (event) => {
        hasBegun = true;
        options.onEvent(event);
      },
      onEnd: (refusal) => {
        if (!hasBegun) way += 1;
        options.onEnd(refusal);
      },
    });
  };
}
