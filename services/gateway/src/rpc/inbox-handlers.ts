import { InboxCommand, WatchRequest } from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import { asRefusal, type Call, type Callers, type TakeHandler } from '@parley/service-kit';
import type { Inbox } from '../inbox/inbox.js';
import { InboxSession } from '../inbox/session.js';
import type { InboxStream } from '../inbox/stream.js';

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw refuse('malformed', { cause });
  }
}

/** Handles the calls of InboxService, over gRPC and for pages. */
export class InboxHandlers {
  readonly #inbox: Inbox;
  readonly #callers: Callers;

  constructor(inbox: Inbox, callers: Callers) {
    this.#inbox = inbox;
    this.#callers = callers;
  }

  readonly watch: TakeHandler = (stream, call, request) => this.#watch(stream, call, request, Number.POSITIVE_INFINITY);

  /**
   * Handles Watch of a page. A browser keeps the whole response in memory, so the stream is
   * limited.
   */
  readonly watchInPage = (stream: InboxStream, call: Call, request: Buffer): Promise<void> =>
    this.#watch(stream, call, request, limits.subscribeBytes);

  readonly session: TakeHandler = async (stream, call) => {
    const me = await this.#callers.enterStream(call);
    const session = new InboxSession(this.#inbox, { me, token: call.bearer(), address: call.peer, stream });
    stream.onHalfClose(() => session.close());
    stream.onMessage((bytes) => {
      try {
        session.take(decoded(() => InboxCommand.decode(bytes)));
      } catch (thrown) {
        session.close(asRefusal(thrown));
      }
    });
  };

  async #watch(stream: InboxStream, call: Call, request: Buffer, mostBytes: number): Promise<void> {
    const me = await this.#callers.enterStream(call);
    const watch = decoded(() => WatchRequest.decode(request));
    this.#inbox.open({ me, address: call.peer, stream, watch, mostBytes });
  }
}
