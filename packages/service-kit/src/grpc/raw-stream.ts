import { constants, type ServerHttp2Stream } from 'node:http2';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import { grpcFraming } from '@parley/rpc';
import { type Refusal, refuse } from '@parley/runtime';
import type { ServerCall } from './exchange.js';
import { MessageDeframer } from './inbound.js';

/**
 * A stream whose frames are read from and written to HTTP/2 itself, joined, and which can be reset.
 * grpc-js reads the request of a server stream, and writes the status. After an end nothing is written.
 */
export class RawStream {
  readonly framing = grpcFraming;
  readonly #call: ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;
  readonly #serverCall: ServerCall;
  readonly #inner: ServerHttp2Stream;
  /** Undefined where the client sends one request. */
  readonly #inbound: MessageDeframer | undefined;
  #ended: boolean;
  #writtenBytes = 0;
  #tellAtBytes = Number.POSITIVE_INFINITY;
  #tell: () => void = () => {};

  constructor(call: ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>, serverCall: ServerCall) {
    this.#call = call;
    this.#serverCall = serverCall;
    this.#inner = serverCall.stream;
    this.#inbound = 'read' in call ? new MessageDeframer(this.#inner, (refusal) => this.end(refusal)) : undefined;
    this.#ended = serverCall.answered || this.#inner.closed || this.#inner.destroyed;
    this.#inner.on('error', () => {}); // a broken connection; the end of the call follows
    this.#inner.once('close', () => this.#over());
    serverCall.onAnswer(() => this.#over());
  }

  /** True once the stream was ended or reset by either side, or by its deadline. A field: each write to each reader looks at it. */
  get ended(): boolean {
    return this.#ended;
  }

  #over(): void {
    this.#ended = true;
    this.#inbound?.stop();
  }

  /** Bytes that were written and that the reader has not taken. */
  get pendingBytes(): number {
    return this.#inner.writableLength;
  }

  /** Writes whole frames. False: wait for `onDrain` before the next. */
  write(frames: Buffer): boolean {
    if (this.#ended) return true;
    this.#serverCall.call.sendHeaders();
    this.#writtenBytes += frames.length;
    if (this.#writtenBytes >= this.#tellAtBytes) this.#tellWritten();
    return this.#inner.write(frames);
  }

  /** Calls back once, just before the write that makes it so many bytes in all. */
  onWritten(bytes: number, listener: () => void): void {
    this.#tellAtBytes = bytes;
    this.#tell = listener;
  }

  #tellWritten(): void {
    this.#tellAtBytes = Number.POSITIVE_INFINITY;
    this.#tell();
  }

  onDrain(listener: () => void): void {
    this.#inner.once('drain', listener);
  }

  /** Each message as raw bytes, in order. Messages wait while the stream is paused. */
  onMessage(listener: (message: Buffer) => void): void {
    this.#inbound?.onMessage(listener);
  }

  pause(): void {
    this.#inbound?.pause();
  }

  resume(): void {
    this.#inbound?.resume();
  }

  /** The client has said all it will say. */
  onHalfClose(listener: () => void): void {
    this.#inbound?.onHalfClose(listener);
  }

  /** Called once, however the stream ends; soon where it has ended. */
  onClose(listener: () => void): void {
    this.#serverCall.call.onOver(listener);
  }

  /** Ends with OK, or with the status of a refusal, behind what was written. Only the first end counts. */
  end(refusal?: Refusal): void {
    if (this.#ended) return;
    this.#ended = true;
    if (refusal === undefined) this.#call.end();
    else this.#call.emit('error', this.#serverCall.fail(refusal));
  }

  /** Ends at once and drops what was not read: the only way to part from a reader that reads nothing. */
  reset(): void {
    this.#ended = true;
    this.#serverCall.fail(refuse('too-slow'));
    this.#inner.close(constants.NGHTTP2_CANCEL);
  }
}
