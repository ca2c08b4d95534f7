import {
  type HistoryRequest,
  type HistoryResponse,
  InboxEvent,
  Message,
  OverviewResponse,
  type SeenChat,
} from '@parley/contract';
import { refuse } from '@parley/runtime/refusal';
import {
  createClient,
  type InboxOptions,
  type ParleyClient,
  type Refusal,
  type Transport,
  type WatchOptions,
} from '../src/index.js';
import { InboxListener } from './rig.js';

type Fields = Parameters<typeof InboxEvent.fromPartial>[0];
type Overview = Parameters<typeof OverviewResponse.fromPartial>[0];

/** The gateway's end of one inbox. */
export class FakeInboxStream {
  readonly options: WatchOptions;
  readonly posts: Message[] = [];
  readonly pongs: number[] = [];
  cut = false;

  constructor(options: WatchOptions) {
    this.options = options;
  }

  /** Sends an event to the client. */
  tell(fields: Fields): void {
    this.options.onEvent(InboxEvent.fromPartial(fields));
  }

  welcome(...chats: SeenChat[]): void {
    this.tell({ welcome: { me: { id: 'ann' }, pingEveryMs: 25_000, maxBytes: 65_536, now: 1, chats } });
  }

  /** Sends entries of another user in a chat. */
  say(channelId: number, from: number, to = from): void {
    for (let seq = from; seq <= to; seq++)
      this.tell({ message: { channelId, seq, sender: 'bob', data: Buffer.from(`m${seq}`) } });
  }

  ping(id: string): void {
    this.tell({ id, ping: { sentAt: 7 } });
  }

  ack(post: Pick<Message, 'clientId'> | undefined, more: NonNullable<Fields['ack']>): void {
    this.tell({ ack: { clientId: post?.clientId ?? '', ...more } });
  }

  end(refusal: Refusal | undefined = refuse('unreachable')): void {
    this.options.onEnd(refusal);
  }
}

/** Advances the fake timers of jest by some milliseconds. */
export const pass = (ms = 0) => import.meta.jest.advanceTimersByTimeAsync(ms);

/** Returns the end of the log of a chat. */
export const logEnd = (channelId: number, seq: number, log = 'l'): SeenChat => ({ channelId, log, seq });

/** A transport whose gateway and manager are the test. */
export class FakeGateway {
  readonly streams: FakeInboxStream[] = [];
  readonly historyCalls: Pick<HistoryRequest, 'channelId' | 'afterSeq'>[] = [];
  overviewCalls = 0;
  /** History responds when this resolves. */
  historyGate: Promise<void> = Promise.resolve();
  /** Seqs of the stored entries of a chat, and its log. */
  logs = new Map<number, { readonly log: string; readonly seqs: readonly number[] }>();
  overview: () => Promise<Overview> = () => Promise.reject(refuse('not-implemented'));

  get stream(): FakeInboxStream {
    return this.streams.at(-1) as FakeInboxStream;
  }

  /** Returns a logged-in client that uses this transport. */
  client(): ParleyClient {
    const transport: Partial<Transport> = {
      ask: async ({ path }, request): Promise<never> => {
        if (path.endsWith('/History')) {
          await this.historyGate;
          return this.#history(request as HistoryRequest) as never;
        }
        if (path.endsWith('/Login')) return { token: 'new-token' } as never;
        return (await this.#overview()) as never;
      },
      watch: (options) => this.#watch(options),
      close: () => {},
    };
    return createClient({ transport: transport as Transport, token: 'token' });
  }

  /** Opens an inbox whose first stream has begun at the ends of these logs. */
  async begin(chats: readonly SeenChat[], options: InboxOptions = {}, position = 'p0'): Promise<InboxListener> {
    const listener = new InboxListener(this.client().inbox(options));
    await pass();
    this.stream.welcome(...chats);
    if (position !== '') this.stream.ping(position);
    await pass();
    return listener;
  }

  /** Cuts the stream, and waits for the next one. */
  async reconnect(...chats: SeenChat[]): Promise<void> {
    const before = this.streams.length;
    this.stream.end();
    while (this.streams.length === before) await pass(100);
    this.stream.welcome(...chats);
  }

  async #overview(): Promise<OverviewResponse> {
    this.overviewCalls += 1;
    return OverviewResponse.fromPartial(await this.overview());
  }

  #history({ channelId, afterSeq, size }: HistoryRequest): HistoryResponse {
    this.historyCalls.push({ channelId, afterSeq });
    const { log, seqs } = this.logs.get(channelId) ?? { log: '', seqs: [] };
    const later = seqs.filter((seq) => seq > afterSeq);
    const page = later.slice(0, size || 100);
    const messages = page.map((seq) => Message.fromPartial({ seq, sender: 'bob', data: Buffer.from(`m${seq}`) }));
    return { messages, more: later.length > page.length, next: '', log };
  }

  #watch(options: WatchOptions) {
    const stream = new FakeInboxStream(options);
    this.streams.push(stream);
    return {
      post: (frame: Message) => void stream.posts.push(frame),
      pong: (sentAt: number) => void stream.pongs.push(sentAt),
      leave: () => stream.end(undefined),
      cut: () => {
        stream.cut = true;
        stream.end(refuse('cancelled'));
      },
    };
  }
}
