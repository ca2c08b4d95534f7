import { Ack, countCommands, InboxCommand, Message, WatchRequest } from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import { asRefusal, type Call, type Callers, type TakeHandler } from '@parley/service-kit';
import { InboxSession, type InboxSessionDeps } from '../inbox/session.js';
import type { InboxStream } from '../inbox/stream.js';

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw refuse('malformed', { cause });
  }
}

export interface InboxHandlersDeps extends InboxSessionDeps {
  readonly callers: Callers;
}

/** Handles the calls of InboxService, over gRPC and for pages. */
export class InboxHandlers {
  readonly #deps: InboxHandlersDeps;

  constructor(deps: InboxHandlersDeps) {
    this.#deps = deps;
  }

  readonly watch: TakeHandler = (stream, call, request) => this.#watch(stream, call, request, Number.POSITIVE_INFINITY);

  /**
   * Handles Watch of a page. A browser keeps the whole response in memory, so the stream is
   * limited.
   */
  readonly watchInPage = (stream: InboxStream, call: Call, request: Buffer): Promise<void> =>
    this.#watch(stream, call, request, limits.subscribeBytes);

  readonly session: TakeHandler = async (stream, call) => {
    const me = await this.#deps.callers.enterStream(call);
    const session = new InboxSession(this.#deps, { me, token: call.bearer(), address: call.peer, stream });
    stream.onHalfClose(() => session.close());
    stream.onMessage((bytes) => {
      try {
        const command = decoded(() => InboxCommand.decode(bytes));
        if (countCommands(command) > 1) throw refuse('malformed', { message: 'Send one command in each frame.' });
        session.take(command);
      } catch (thrown) {
        session.close(asRefusal(thrown));
      }
    });
  };

  /**
   * Handles Post: one frame, and its ack. A refusal of the message is in the ack, as for Send. The
   * token is checked before the frame is decoded.
   */
  readonly post = async (request: Buffer, call: Call): Promise<Ack> => {
    call.quiet = true;
    const me = await this.#deps.callers.enterStream(call);
    const message = decoded(() => Message.decode(request));
    call.facts.channel = message.channelId;
    return Ack.fromPartial(await this.#deps.actorOf(me, call.bearer()).post(message));
  };

  /**
   * Sends a frame on behalf of the caller, and returns its ack. The ack contains the refusal, if
   * any.
   */
  readonly postMessage = async (message: Message, call: Call): Promise<Ack> => {
    const me = await this.#deps.callers.enterStream(call);
    return Ack.fromPartial(await this.#deps.actorOf(me, call.bearer()).post(message));
  };

  /** Sends a frame on behalf of an incoming webhook, as `postMessage` does for users. */
  readonly postByWebhook = async (message: Message, call: Call): Promise<Ack> => {
    const me = await this.#deps.callers.enterWebhook(call);
    return Ack.fromPartial(await this.#deps.actorOf(me, call.bearer()).post(message));
  };

  /** Handles Post of a page. */
  readonly postInPage = async (stream: InboxStream, call: Call, request: Buffer): Promise<void> => {
    const ack = Ack.encode(await this.post(request, call)).finish();
    stream.write(stream.framing.join([ack], ack.length));
    stream.end();
  };

  async #watch(stream: InboxStream, call: Call, request: Buffer, mostBytes: number): Promise<void> {
    const me = await this.#deps.callers.enterStream(call);
    const watch = decoded(() => WatchRequest.decode(request));
    this.#deps.inbox.open({ me, address: call.peer, stream, watch, mostBytes });
  }
}
