import { Channel, type HistoryRequest, type HistoryResponse, Message, Resume } from '@parley/contract';
import { refuse } from '@parley/runtime/refusal';
import {
  type CallOptions,
  type ConnectOptions,
  createClient,
  type ParleyClient,
  type Refusal,
  type Transport,
} from '../src/index.js';

type Answer = (request: HistoryRequest, options: CallOptions) => Promise<HistoryResponse>;
type Fields = Parameters<typeof Message.fromPartial>[0];

/** The server's end of one stream. */
export class FakeStream {
  readonly options: ConnectOptions;
  readonly sent: Message[] = [];
  cut = false;

  constructor(options: ConnectOptions) {
    this.options = options;
  }

  /** Sends a frame to the client. */
  tell(fields: Fields): void {
    this.options.onFrame(Message.fromPartial(fields));
  }

  /** Sends entries of another user. */
  say(from: number, to = from): void {
    for (let seq = from; seq <= to; seq++) this.tell({ seq, sender: 'bob', data: Buffer.from(`m${seq}`) });
  }

  welcome(lastSeq: number, resume: Resume = Resume.UNSPECIFIED, more: Partial<Record<string, unknown>> = {}): void {
    const channel = Channel.fromPartial({ id: 1, name: 'room' });
    this.tell({ welcome: { channel, me: { id: 'ann' }, log: 'l', lastSeq, resume, ...more } });
  }

  end(refusal: Refusal | undefined = refuse('unreachable')): void {
    this.options.onEnd(refusal);
  }
}

/** A transport whose server is the test. */
export class FakeTransport {
  readonly streams: FakeStream[] = [];
  /** Refusals for the next Listens, one each. */
  readonly refusals: Refusal[] = [];
  readonly historyCalls: number[] = [];
  history: Answer = () => Promise.reject(refuse('not-implemented'));

  get stream(): FakeStream {
    return this.streams.at(-1) as FakeStream;
  }

  /** Returns a logged-in client that uses this transport. */
  client(): ParleyClient {
    const transport: Partial<Transport> = {
      listen: async () => {
        const refusal = this.refusals.shift();
        if (refusal !== undefined) throw refusal;
        return { server: undefined, token: 'seat' };
      },
      ask: async (_call, request, options): Promise<never> => {
        this.historyCalls.push((request as HistoryRequest).afterSeq);
        return (await this.history(request as HistoryRequest, options)) as never;
      },
      connect: (options) => this.#connect(options),
      close: () => {},
    };
    return createClient({ transport: transport as Transport, token: 'token' });
  }

  #connect(options: ConnectOptions) {
    const stream = new FakeStream(options);
    this.streams.push(stream);
    return {
      send: (frame: Message) => void stream.sent.push(frame),
      leave: () => stream.end(undefined),
      cut: () => {
        stream.cut = true;
        stream.end(refuse('cancelled'));
      },
    };
  }
}
