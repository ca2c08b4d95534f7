import { constants, type ServerHttp2Stream } from 'node:http2';
import { prefixBytes, prefixRefusal } from '@parley/rpc';
import { limits, type Refusal } from '@parley/runtime';

const nothing = Buffer.alloc(0);
/** Bytes that a client may send after the end of its call, before it can know of it. */
const maxDroppedBytes = 1_048_576;

/**
 * Deframes the messages of a stream in place of grpc-js, which needs a promise and a queue per
 * message. Create it in the handler of the call: by then grpc-js has paused the stream and read
 * nothing.
 */
export class MessageDeframer {
  readonly #stream: ServerHttp2Stream;
  readonly #failed: (refusal: Refusal) => void;
  #take: ((message: Buffer) => void) | undefined;
  /**
   * Unread bytes are between `#from` and `#to`. The buffer grows by doubling, however small the
   * chunks are.
   */
  #held: Buffer = nothing;
  #from = 0;
  #to = 0;
  #dropped = 0;
  #paused = false;
  #halfClosed = false;
  #onHalfClose: (() => void) | undefined;

  /** `failed` is called with the reason if the stream cannot be read further. */
  constructor(stream: ServerHttp2Stream, failed: (refusal: Refusal) => void) {
    this.#stream = stream;
    this.#failed = failed;
    stream.removeAllListeners('data');
    stream.once('end', () => {
      this.#halfClosed = true; // a paused stream also emits this, once its bytes are read
      this.#notifyHalfClose();
    });
  }

  /** Starts reading; calls `take` for each message. */
  onMessage(take: (message: Buffer) => void): void {
    this.#take = take;
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
      const refusal = prefixRefusal(this.#held[this.#from], length, limits.frameBytes);
      if (refusal !== undefined) {
        this.#fail(refusal);
        return;
      }
      if (this.#to - start < length) return;
      this.#from = start + length;
      this.#take?.(this.#held.subarray(start, this.#from));
    }
  }

  #notifyHalfClose(): void {
    if (!this.#halfClosed || this.#paused || this.#onHalfClose === undefined) return;
    queueMicrotask(this.#onHalfClose);
    this.#onHalfClose = undefined;
  }

  /** Drops everything that still arrives: a client can go on sending after its call has ended. Too much resets it. */
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
