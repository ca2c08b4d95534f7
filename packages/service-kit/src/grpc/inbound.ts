import type { ServerHttp2Stream } from 'node:http2';
import { prefixBytes, prefixRefusal } from '@parley/rpc';
import { limits, type Refusal } from '@parley/runtime';

const nothing = Buffer.alloc(0);

/**
 * The messages of a stream, cut from its bytes in place of grpc-js, whose way takes a promise and a queue for each.
 * Made while the call is handed over: grpc-js has paused the stream by then and read nothing of it.
 */
export class MessageDeframer {
  readonly #stream: ServerHttp2Stream;
  readonly #failed: (refusal: Refusal) => void;
  #take: ((message: Buffer) => void) | undefined;
  /** What was not taken yet stands between `#from` and `#to`; it grows by doubling, however small the pieces are. */
  #held: Buffer = nothing;
  #from = 0;
  #to = 0;
  #paused = false;
  #halfClosed = false;
  #onHalfClose: (() => void) | undefined;

  /** `failed` is told why no more can be read. */
  constructor(stream: ServerHttp2Stream, failed: (refusal: Refusal) => void) {
    this.#stream = stream;
    this.#failed = failed;
    stream.removeAllListeners('data');
    stream.once('end', () => {
      this.#halfClosed = true; // a paused stream says so too, once its bytes are read
      this.#tellHalfClose();
    });
  }

  /** Starts reading. */
  onMessage(take: (message: Buffer) => void): void {
    this.#take = take;
    this.#stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    if (!this.#paused) this.#stream.resume();
  }

  /** `listener` is called behind the last message, once the client has said all it will say. */
  onHalfClose(listener: () => void): void {
    this.#onHalfClose = listener;
    this.#tellHalfClose();
  }

  pause(): void {
    this.#paused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#cut();
    this.#tellHalfClose();
    if (!this.#paused && this.#take !== undefined) this.#stream.resume();
  }

  #receive(chunk: Buffer): void {
    if (this.#take === undefined) return;
    if (this.#from === this.#to) this.#hold(chunk);
    else this.#append(chunk);
    this.#cut();
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

  #cut(): void {
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

  #tellHalfClose(): void {
    if (!this.#halfClosed || this.#paused || this.#onHalfClose === undefined) return;
    queueMicrotask(this.#onHalfClose);
    this.#onHalfClose = undefined;
  }

  /** What still comes is dropped, unread: a client that was answered can go on sending for as long as it likes. */
  stop(): void {
    this.#take = undefined;
    this.#hold(nothing);
  }

  #fail(refusal: Refusal): void {
    this.stop();
    this.#failed(refusal);
  }
}
