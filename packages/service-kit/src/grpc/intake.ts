import type { ServerHttp2Stream } from 'node:http2';
import { prefixBytes, prefixRefusal } from '@parley/rpc';
import { limits, type Refusal, type RequestBudget, refuse } from '@parley/runtime';
import { headerBytesOf } from './headers.js';

/** Methods whose requests may be larger than others. */
const larger: Readonly<Record<string, number>> = { Send: limits.frameBytes, Report: limits.reportBytes };

/** The most bytes that one request of this path may have. */
function mostBytesOf(path: string): number {
  return larger[path.split('/')[2] ?? ''] ?? limits.requestBytes;
}

/**
 * What the request of one call holds in memory. It counts bytes as they arrive, before anything is decoded, and refuses
 * a request by its first five bytes where it is compressed or too large.
 */
export class RequestBudgetIntake {
  readonly #stream: ServerHttp2Stream;
  readonly #connection: object;
  readonly #budget: RequestBudget;
  readonly #mostBytes: number;
  readonly #refused: (refusal: Refusal) => void;
  readonly #prefix: number[] = [];
  #held = 0;
  #isOver = false;

  constructor(stream: ServerHttp2Stream, path: string, budget: RequestBudget, refused: (refusal: Refusal) => void) {
    this.#stream = stream;
    this.#connection = stream.session ?? stream;
    this.#budget = budget;
    this.#mostBytes = mostBytesOf(path);
    this.#refused = refused;
  }

  /** Counts the call itself, then what it brings. grpc-js has paused the stream by then. */
  begin(): void {
    if (!this.#count(limits.callBytes + headerBytesOf(this.#stream))) return;
    this.#stream.on('data', this.#receive);
    this.#stream.pause();
  }

  /** The call is answered, or a stream that was let in: it holds nothing more here. */
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
    const refusal = prefixRefusal(this.#prefix[0], length, this.#mostBytes);
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
