import { constants, type ServerHttp2Stream } from 'node:http2';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import type { Refusal } from '@parley/runtime';
import { statusFromRefusal } from './status.js';

const prefixBytes = 5;

/** A message as it stands on the wire: one flag byte, its length in four, the message. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/**
 * A stream whose frames are written joined, straight to HTTP/2, and which can be reset.
 * grpc-js still reads, and writes the status. After an end nothing is written.
 */
export class RawStream {
  readonly #call: ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;
  readonly #inner: ServerHttp2Stream;
  #ended = false;
  #closed = false;
  #ending: Refusal | undefined;

  constructor(
    call: ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>,
    inner: ServerHttp2Stream,
  ) {
    this.#call = call;
    this.#inner = inner;
    inner.once('close', () => {
      this.#ended = true;
      this.#closed = true;
    });
    inner.on('error', () => {}); // a broken connection; 'close' follows
  }

  /** True once the stream was ended or reset by either side. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The refusal it was ended with, if any. */
  get ending(): Refusal | undefined {
    return this.#ending;
  }

  /** Bytes that were written and that the reader has not taken. */
  get pendingBytes(): number {
    return this.#inner.writableLength;
  }

  /** Writes whole frames. False: wait for `onDrain` before the next. */
  write(frames: Buffer): boolean {
    return this.#ended || this.#inner.write(frames);
  }

  onDrain(listener: () => void): void {
    this.#inner.once('drain', listener);
  }

  /** Each message as raw bytes, in order. Messages wait while the stream is paused. */
  onMessage(listener: (message: Buffer) => void): void {
    if ('read' in this.#call) this.#call.on('data', listener);
  }

  pause(): void {
    if ('read' in this.#call) this.#call.pause();
  }

  resume(): void {
    if ('read' in this.#call) this.#call.resume();
  }

  /** The client has said all it will say. */
  onHalfClose(listener: () => void): void {
    if ('read' in this.#call) this.#call.once('end', listener);
  }

  /** Called once, however the stream ends; at once where it has ended. */
  onClose(listener: () => void): void {
    if (this.#closed) queueMicrotask(listener);
    else this.#inner.once('close', listener);
  }

  /** Ends with OK, or with the status of a refusal, behind what was written. Only the first end counts. */
  end(refusal?: Refusal): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#ending = refusal;
    if (refusal === undefined) this.#call.end();
    else this.#call.emit('error', Object.assign(new Error(refusal.message), statusFromRefusal(refusal)));
  }

  /** Ends at once and drops what was not read: the only way to part from a reader that reads nothing. */
  reset(): void {
    this.#ended = true;
    this.#inner.close(constants.NGHTTP2_CANCEL);
  }
}
