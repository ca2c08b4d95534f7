import { InboxCommand, WatchRequest } from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import {
  asRefusal,
  Buckets,
  type BurstRate,
  type Call,
  type Callers,
  type RawStream,
  type TakeHandler,
  type UserCaller,
} from '@parley/service-kit';
import type { Inbox } from '../inbox/inbox.js';
import type { InboxStream } from '../inbox/stream.js';

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw refuse('malformed', { cause });
  }
}

/** Rate of the commands of one session. */
const commandRate: BurstRate = { burst: 100, perSecond: 20 };

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
    let isOpen = false;
    const commands = new Buckets<'session'>();
    stream.onHalfClose(() => stream.end());
    stream.onMessage((bytes) => {
      try {
        if (commands.take('session', commandRate) > 0) throw refuse('send-too-fast');
        const command = decoded(() => InboxCommand.decode(bytes));
        if (isOpen) this.#take(command);
        else this.#begin(stream, call, me, command);
        isOpen = true;
      } catch (thrown) {
        stream.end(asRefusal(thrown));
      }
    });
  };

  async #watch(stream: InboxStream, call: Call, request: Buffer, mostBytes: number): Promise<void> {
    const me = await this.#callers.enterStream(call);
    const watch = decoded(() => WatchRequest.decode(request));
    this.#inbox.open({ me, address: call.peer, stream, watch, mostBytes });
  }

  #begin(stream: RawStream, call: Call, me: UserCaller, { watch }: InboxCommand): void {
    if (watch === undefined) throw refuse('malformed', { message: 'The first command must be watch.' });
    this.#inbox.open({ me, address: call.peer, stream, watch, mostBytes: Number.POSITIVE_INFINITY });
  }

  #take({ watch, post }: InboxCommand): void {
    if (post !== undefined)
      throw refuse('not-implemented', { message: 'This server does not take messages here. Send them with Connect.' });
    if (watch !== undefined)
      throw refuse('malformed', { message: 'This session has begun. Open another one to watch.' });
  }
}
