import type { ServerHttp2Stream } from 'node:http2';
import { prefixBytes, prefixRefusal } from '@parley/rpc';
import { limits, type Refusal, type RequestBudget, refuse } from '@parley/runtime';
import { headerBytesOf } from './headers.js';

/** Maximum size in bytes for the methods whose requests may be larger than others. */
const larger: Readonly<Record<string, number>> = { Send: limits.frameBytes, Report: limits.reportBytes };

/** Returns the maximum size of a request of this path, in bytes. */
function maxBytesOf(path: string): number {
  return larger[path.split('/')[2] ?? ''] ?? limits.requestBytes;
}

/**
 * Reserves memory for the request of one call. Counts bytes as they arrive, before decoding, and
 * refuses a compressed or oversized request after its first five bytes.
 */
export class RequestIntake {
  readonly #stream: ServerHttp2Stream;
  readonly #connection: object;
  readonly #budget: RequestBudget;
  readonly #maxBytes: number;
  readonly #refused: (refusal: Refusal) => void;
  readonly #prefix: number[] = [];
  #held = 0;
  #isOver = false;

  constructor(stream: ServerHttp2Stream, path: string, budget: RequestBudget, refused: (refusal: Refusal) => void) {
    this.#stream = stream;
    this.#connection = stream.session ?? stream;
    this.#budget = budget;
    this.#maxBytes = maxBytesOf(path);
    this.#refused = refused;
  }

  /**
   * Reserves the fixed cost of the call, then starts counting. grpc-js has already paused the
   * stream by then.
   */
  begin(): void {
    if (!this.#count(limits.callBytes + headerBytesOf(this.#stream))) return;
    this.#stream.on('data', this.#receive);
    this.#stream.pause();
  }

  /** Releases all reserved memory, because the call has its response or its stream was accepted. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stream.off('data', this.#receive);
    this.#budget.give(this.#connection, this.#held);
  }

  readonly #receive = (chunk: Buffer): void => {
    if (!this.#count(chunk.length) || this.#prefix.length === prefixBytes) return;
    this.#prefix.push(...chunk.subarray(0, prefixBytes - this.#prefix.length));
    if (this.#prefix.length < prefixBytes) return;
    const length = Buffer.from(this.#prefix).readUInt32BE(1);
    const refusal = prefixRefusal(this.#prefix[0], length, this.#maxBytes);
    if (refusal !== undefined) this.#refuse(refusal);
  };

  #count(bytes: number): boolean {
    if (!this.#budget.take(this.#connection, bytes)) {
      this.#refuse(refuse('too-busy'));
      return false;
    }
    this.#held += bytes;
    return true;
  }

  #refuse(refusal: Refusal): void {
    this.end();
    this.#refused(refusal);
  }
}
