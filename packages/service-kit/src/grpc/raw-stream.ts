import { constants, type ServerHttp2Stream } from 'node:http2';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import { grpcFraming, prefixBytes, prefixRefusal } from '@parley/rpc';
import { limits, type Refusal, refuse } from '@parley/runtime';
import type { ServerCall } from './server-call.js';

const nothing = Buffer.alloc(0);
/**
 * Maximum bytes that a client may still send after the end of its call, because it does not know of
 * the end yet.
 */
const maxDroppedBytes = 1_048_576;

/**
 * Cuts the bytes of a stream into messages. It replaces the deframer of grpc-js, which needs a
 * promise and a queue entry for each message. Create it in the handler of the call: at that time
 * grpc-js has paused the stream and has read nothing.
 */
class MessageDeframer {
  readonly #stream: ServerHttp2Stream;
  readonly #failed: (refusal: Refusal) => void;
  #take: ((message: Buffer) => void) | undefined;
  #maxBytes: number = limits.frameBytes;
  /** Buffer whose unread bytes are between `#from` and `#to`. Its size doubles when it is full. */
  #held: Buffer = nothing;
  #from = 0;
  #to = 0;
  #dropped = 0;
  #paused = false;
  #halfClosed = false;
  #onHalfClose: (() => void) | undefined;

  /**
   * Takes over a stream. `failed` is called with the refusal if the stream cannot be read further.
   */
  constructor(stream: ServerHttp2Stream, failed: (refusal: Refusal) => void) {
    this.#stream = stream;
    this.#failed = failed;
    stream.removeAllListeners('data');
    stream.once('end', () => {
      this.#halfClosed = true; // A paused stream emits this event too, once its bytes have been read.
      this.#notifyHalfClose();
    });
  }

  /**
   * Starts reading, and calls `take` for each message. A message of more than `maxBytes` ends the
   * stream.
   */
  onMessage(take: (message: Buffer) => void, maxBytes: number): void {
    this.#take = take;
    this.#maxBytes = maxBytes;
    this.#stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    if (!this.#paused) this.#stream.resume();
  }

  /** Calls `listener` after the last message, once the client has closed its side. */
  onHalfClose(listener: () => void): void {
    this.#onHalfClose = listener;
    this.#notifyHalfClose();
  }

  pause(): void {
    this.#paused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#deframe();
    this.#notifyHalfClose();
    if (!this.#paused && this.#take !== undefined) this.#stream.resume();
  }

  #receive(chunk: Buffer): void {
    if (this.#take === undefined) this.#drop(chunk.length);
    else if (this.#from === this.#to) this.#hold(chunk);
    else this.#append(chunk);
    this.#deframe();
  }

  #hold(bytes: Buffer, length = bytes.length): void {
    this.#held = bytes;
    this.#from = 0;
    this.#to = length;
  }

  #append(chunk: Buffer): void {
    const size = this.#to - this.#from;
    if (this.#to + chunk.length > this.#held.length) {
      const larger = Buffer.allocUnsafe(2 * (size + chunk.length));
      this.#held.copy(larger, 0, this.#from, this.#to);
      this.#hold(larger, size);
    }
    chunk.copy(this.#held, this.#to);
    this.#to += chunk.length;
  }

  #deframe(): void {
    while (!this.#paused && this.#to - this.#from >= prefixBytes) {
      const start = this.#from + prefixBytes;
      const length = this.#held.readUInt32BE(this.#from + 1);
      const refusal = prefixRefusal(this.#held[this.#from], length, this.#maxBytes);
      if (refusal !== undefined) {
        this.#fail(refusal);
        return;
      }
      if (this.#to - start < length) return;
      this.#from = start + length;
      this.#take?.(this.#held.subarray(start, this.#from));
    }
    if (this.#from === this.#to) this.#hold(nothing); // A byte of a buffer keeps all of it in memory.
  }

  #notifyHalfClose(): void {
    if (!this.#halfClosed || this.#paused || this.#onHalfClose === undefined) return;
    queueMicrotask(this.#onHalfClose);
    this.#onHalfClose = undefined;
  }

  /**
   * Drops everything that still arrives: a client can continue to send after its call has ended.
   * Resets the stream after `maxDroppedBytes`.
   */
  stop(): void {
    this.#take = undefined;
    this.#hold(nothing);
  }

  #drop(bytes: number): void {
    this.#dropped += bytes;
    if (this.#dropped > maxDroppedBytes) this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #fail(refusal: Refusal): void {
    this.stop();
    this.#failed(refusal);
  }
}

/**
 * Stream that reads and writes frames on HTTP/2 directly. It can write several frames at once, and
 * it can be reset. grpc-js still reads the request of a server stream and writes the status. After
 * the end of the stream, writes have no effect.
 * @example
 * ```ts
 * import { ChatService } from '@parley/contract';
 * import { frameOf } from '@parley/rpc';
 * import type { GrpcServerBuilder, TakeHandler } from '@parley/service-kit';
 *
 * const echo: TakeHandler = async (stream) => {
 *   stream.onMessage((message) => stream.write(frameOf(message)));
 *   stream.onHalfClose(() => stream.end());
 * };
 * export const addEcho = (builder: GrpcServerBuilder) => builder.add(ChatService, { connect: { take: echo } });
 * ```
 */
export class RawStream {
  readonly framing = grpcFraming;
  readonly #call: ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;
  readonly #serverCall: ServerCall;
  readonly #inner: ServerHttp2Stream;
  /**
   * Deframer of the client's messages. Undefined for a server stream, whose client sends only one
   * request.
   */
  readonly #inbound: MessageDeframer | undefined;
  #ended: boolean;
  #hasBegun = false;
  /** Counts the bytes of each write, if somebody waits for a number of them. */
  #count: ((bytes: number) => void) | undefined;

  constructor(call: ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>, serverCall: ServerCall) {
    this.#call = call;
    this.#serverCall = serverCall;
    this.#inner = serverCall.stream;
    this.#inbound = 'read' in call ? new MessageDeframer(this.#inner, (refusal) => this.end(refusal)) : undefined;
    this.#ended = serverCall.answered || this.#inner.closed || this.#inner.destroyed;
    this.#inner.on('error', () => {}); // The connection broke; the call ends next.
    this.#inner.once('close', () => this.#over());
    serverCall.onAnswer(() => this.#over());
  }

  /**
   * Whether either side or the deadline has ended the stream. The value is in a field, because each
   * write reads it.
   */
  get ended(): boolean {
    return this.#ended;
  }

  #over(): void {
    this.#ended = true;
    this.#inbound?.stop();
  }

  /** Bytes that were written but have not left this process. */
  get pendingBytes(): number {
    return this.#inner.writableLength;
  }

  /** Writes whole frames. Returns false if the next write must wait for `onDrain`. */
  write(frames: Buffer): boolean {
    if (this.#ended) return true;
    if (!this.#hasBegun) this.#begin();
    this.#count?.(frames.length);
    return this.#inner.write(frames);
  }

  #begin(): void {
    this.#hasBegun = true;
    this.#serverCall.call.sendHeaders();
  }

  /**
   * Calls `listener` once, just before the write with which `bytes` have been written since this
   * call.
   */
  onWritten(bytes: number, listener: () => void): void {
    let left = bytes;
    this.#count = (written) => {
      left -= written;
      if (left > 0) return;
      this.#count = undefined;
      listener();
    };
  }

  onDrain(listener: () => void): void {
    this.#inner.once('drain', listener);
  }

  /**
   * Calls `listener` with the raw bytes of each message, in order. Messages wait while the stream
   * is paused. A message of more than `maxBytes` ends the stream.
   */
  onMessage(listener: (message: Buffer) => void, maxBytes: number = limits.frameBytes): void {
    this.#inbound?.onMessage(listener, maxBytes);
  }

  pause(): void {
    this.#inbound?.pause();
  }

  resume(): void {
    this.#inbound?.resume();
  }

  /** Calls `listener` after the last message, once the client has closed its side. */
  onHalfClose(listener: () => void): void {
    this.#inbound?.onHalfClose(listener);
  }

  /** Calls `listener` once when the stream ends. If it has ended already, calls it soon. */
  onClose(listener: () => void): void {
    this.#serverCall.call.onOver(listener);
  }

  /**
   * Ends the stream with OK or with the status of a refusal, after everything that was written.
   * Only the first end counts.
   */
  end(refusal?: Refusal): void {
    if (this.#ended) return;
    this.#ended = true;
    if (refusal === undefined) this.#call.end();
    else this.#call.emit('error', this.#serverCall.fail(refusal));
  }

  /**
   * Ends the stream at once and drops unread bytes. This is the only way to end a stream whose
   * client does not read.
   */
  reset(): void {
    this.#ended = true;
    this.#serverCall.fail(refuse('too-slow'));
    this.#inner.close(constants.NGHTTP2_CANCEL);
  }
}
