import type { ServerHttp2Stream } from 'node:http2';
import { prefixBytes, prefixRefusal } from '@parley/rpc';
import { limits, type MemoryHolding, type Refusal } from '@parley/runtime';
import { headerBytesOf } from './headers.js';

/** Maximum request size, in bytes, of the methods that accept larger requests than the others. */
const larger: Readonly<Record<string, number>> = {
  Send: limits.frameBytes,
  Post: limits.frameBytes,
  Report: limits.reportBytes,
};

/** Returns the maximum size of a request of this path, in bytes. */
function maxBytesOf(path: string): number {
  return larger[path.split('/')[2] ?? ''] ?? limits.requestBytes;
}

/**
 * Counts the memory of one call's request while it arrives, before it is decoded. Counts whole
 * chunks, because a single byte of a chunk keeps all of it in memory. Refuses a compressed or
 * oversized request after its first five bytes.
 */
export class RequestIntake {
  readonly #stream: ServerHttp2Stream;
  readonly #memory: MemoryHolding;
  readonly #maxBytes: number;
  readonly #refused: (refusal: Refusal) => void;
  readonly #prefix: number[] = [];
  #held = 0;
  #lastRead: ArrayBufferLike | undefined;

  constructor(stream: ServerHttp2Stream, path: string, memory: MemoryHolding, refused: (refusal: Refusal) => void) {
    this.#stream = stream;
    this.#memory = memory;
    this.#maxBytes = maxBytesOf(path);
    this.#refused = refused;
  }

  /**
   * Counts the fixed cost of the call, and then the bytes as they arrive. Call it when grpc-js has
   * paused the stream.
   */
  begin(): void {
    this.#count(limits.callBytes + headerBytesOf(this.#stream));
    this.#stream.on('data', this.#receive);
    this.#stream.pause();
  }

  /** Releases the memory. Call it when the call has its response or its stream is accepted. */
  end(): void {
    this.#stream.off('data', this.#receive);
    this.#lastRead = undefined;
    this.#memory.set(0);
  }

  readonly #receive = (chunk: Buffer): void => {
    if (chunk.buffer !== this.#lastRead) this.#count(chunk.buffer.byteLength);
    this.#lastRead = chunk.buffer;
    if (this.#prefix.length === prefixBytes) return;
    this.#prefix.push(...chunk.subarray(0, prefixBytes - this.#prefix.length));
    if (this.#prefix.length < prefixBytes) return;
    const length = Buffer.from(this.#prefix).readUInt32BE(1);
    const refusal = prefixRefusal(this.#prefix[0], length, this.#maxBytes);
    if (refusal === undefined) return;
    this.end();
    this.#refused(refusal);
  };

  #count(bytes: number): void {
    this.#held += bytes;
    this.#memory.set(this.#held);
  }
}
