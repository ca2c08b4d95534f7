import { constants, type ServerHttp2Stream } from 'node:http2';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import { grpcFraming } from '@parley/rpc';
import { type Refusal, refuse } from '@parley/runtime';
import { MessageDeframer } from './deframer.js';
import type { ServerCall } from './server-call.js';

/**
 * Stream that reads and writes frames on HTTP/2 directly, writes several at once, and can be reset.
 * grpc-js still reads the request of a server stream and writes the status. After its end nothing
 * is written.
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
  /** Undefined for a server stream: its client sends one request. */
  readonly #inbound: MessageDeframer | undefined;
  #ended: boolean;
  #writtenBytes = 0;
  #notifyAtBytes = Number.POSITIVE_INFINITY;
  #onWritten: () => void = () => {};

  constructor(call: ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>, serverCall: ServerCall) {
    this.#call = call;
    this.#serverCall = serverCall;
    this.#inner = serverCall.stream;
    this.#inbound = 'read' in call ? new MessageDeframer(this.#inner, (refusal) => this.end(refusal)) : undefined;
    this.#ended = serverCall.answered || this.#inner.closed || this.#inner.destroyed;
    this.#inner.on('error', () => {}); // the connection broke; the call ends next
    this.#inner.once('close', () => this.#over());
    serverCall.onAnswer(() => this.#over());
  }

  /**
   * True once either side or the deadline ended the stream. Backed by a field, because each write
   * reads it.
   */
  get ended(): boolean {
    return this.#ended;
  }

  #over(): void {
    this.#ended = true;
    this.#inbound?.stop();
  }

  /** Bytes written that the client has not read. */
  get pendingBytes(): number {
    return this.#inner.writableLength;
  }

  /** Writes whole frames. False: wait for `onDrain` before the next write. */
  write(frames: Buffer): boolean {
    if (this.#ended) return true;
    this.#serverCall.call.sendHeaders();
    this.#writtenBytes += frames.length;
    if (this.#writtenBytes >= this.#notifyAtBytes) this.#notifyWritten();
    return this.#inner.write(frames);
  }

  /** Calls `listener` once, just before the write that reaches `bytes` in total. */
  onWritten(bytes: number, listener: () => void): void {
    this.#notifyAtBytes = bytes;
    this.#onWritten = listener;
  }

  #notifyWritten(): void {
    this.#notifyAtBytes = Number.POSITIVE_INFINITY;
    this.#onWritten();
  }

  onDrain(listener: () => void): void {
    this.#inner.once('drain', listener);
  }

  /**
   * Calls `listener` with the raw bytes of each message, in order. Messages wait while the stream
   * is paused.
   */
  onMessage(listener: (message: Buffer) => void): void {
    this.#inbound?.onMessage(listener);
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

  /** Calls `listener` once when the stream ends, or soon if it has ended. */
  onClose(listener: () => void): void {
    this.#serverCall.call.onOver(listener);
  }

  /**
   * Ends with OK or the status of a refusal, after everything written. Only the first end counts.
   */
  end(refusal?: Refusal): void {
    if (this.#ended) return;
    this.#ended = true;
    if (refusal === undefined) this.#call.end();
    else this.#call.emit('error', this.#serverCall.fail(refusal));
  }

  /**
   * Ends at once and drops unread bytes: the only way to end a stream whose client does not read.
   */
  reset(): void {
    this.#ended = true;
    this.#serverCall.fail(refuse('too-slow'));
    this.#inner.close(constants.NGHTTP2_CANCEL);
  }
}
