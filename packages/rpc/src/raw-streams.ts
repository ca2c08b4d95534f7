import type { ServerHttp2Stream } from 'node:http2';
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { withReason } from './status.js';

/** The one private name of grpc-js 1.14 that Parley uses; `package.json` pins the exact version. */
interface InnerCall extends ServerInterceptingCallInterface {
  readonly stream?: ServerHttp2Stream;
}

const handOver = 'chat-raw-stream';

/**
 * Lends the HTTP/2 stream under a call to the handlers of `taken` paths, and gives every status a reason.
 * It must be the first interceptor of its server: behind another one there is no inner stream.
 */
export class RawStreams {
  readonly #taken: ReadonlySet<string>;
  readonly #waiting = new Map<string, ServerHttp2Stream>();
  #count = 0;

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  readonly interceptor: ServerInterceptor = (method, call) => {
    reasonEveryStatus(call);
    if (!this.#taken.has(method.path)) return new ServerInterceptingCall(call);
    return new ServerInterceptingCall(call, {
      start: (next) => next({ onReceiveMetadata: (metadata, pass) => pass(this.#lend(metadata, call)) }),
    });
  };

  #lend(metadata: Metadata, call: InnerCall): Metadata {
    const { stream } = call;
    if (stream === undefined) throw new Error('this version of @grpc/grpc-js has no inner stream');
    const id = String(++this.#count);
    this.#waiting.set(id, stream);
    metadata.set(handOver, id);
    return metadata;
  }

  /** The stream lent for this call, once. */
  take(metadata: Metadata): ServerHttp2Stream {
    const id = String(metadata.get(handOver)[0]);
    const stream = this.#waiting.get(id);
    this.#waiting.delete(id);
    metadata.remove(handOver);
    if (stream === undefined) throw new Error('this call was lent no stream');
    return stream;
  }
}

/** The transport sends some statuses itself (deadline, size, decompression); they pass here like ours. */
function reasonEveryStatus(call: ServerInterceptingCallInterface): void {
  const send = call.sendStatus.bind(call);
  call.sendStatus = (given) => send(withReason(given));
}
