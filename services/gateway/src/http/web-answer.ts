import type { ServerResponse } from 'node:http';
import type { Metadata, StatusObject } from '@grpc/grpc-js';
import { frameOf } from '@parley/rpc';
import { limits, type MemoryHolding } from '@parley/runtime';
import type { WebFraming } from './web-message.js';

const contentTypes: Readonly<Record<WebFraming, string>> = {
  binary: 'application/grpc-web+proto',
  text: 'application/grpc-web-text+proto',
};
/** Tells nginx to pass messages on as they come. */
const unbuffered = { 'x-accel-buffering': 'no' } as const;
const trailersFlag = 0x80;
/** Keys of the metadata that a page receives from a service. */
const forwardedKeys = ['chat-token', 'chat-reason', 'chat-retry-after-ms'];

/** Percent-encodes text as gRPC does for `grpc-message`. */
function escaped(text: string): string {
  return text.replace(/[^\x20-\x24\x26-\x7e]+/gu, encodeURIComponent);
}

function headersIn(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(forwardedKeys.flatMap((key) => metadata.get(key).map((value) => [key, String(value)])));
}

function statusHeaders({ code, details, metadata }: StatusObject): Record<string, string> {
  return { 'grpc-status': String(code), 'grpc-message': escaped(details), ...headersIn(metadata) };
}

/**
 * One gRPC-Web response: headers, frames and a last frame with the status, or only headers with the
 * status.
 */
export class WebAnswer {
  readonly #response: ServerResponse;
  readonly #wire: WebFraming;
  readonly #takenWithinMs: number;
  readonly #unread: MemoryHolding;
  #corked = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Destroys the response if the page reads nothing for `takenWithinMs`, because unread responses
   * stay in memory. `unread` counts them.
   */
  constructor(
    response: ServerResponse,
    wire: WebFraming,
    unread: MemoryHolding,
    takenWithinMs: number = limits.takenWithinMs,
  ) {
    this.#response = response;
    this.#wire = wire;
    this.#unread = unread;
    this.#takenWithinMs = takenWithinMs;
    response.on('drain', () => response.writableEnded || this.#taken()).on('close', () => this.#taken());
  }

  /** Sends the headers now, so that a page knows that it is connected before the first frame. */
  begin(metadata: Metadata): void {
    this.#response.writeHead(200, { ...this.#headers, ...unbuffered, ...headersIn(metadata) });
    this.#response.flushHeaders();
  }

  /**
   * Writes one message. Returns false if the caller must wait for the response to drain. Messages
   * of one turn of the event loop are sent together.
   */
  message(bytes: Buffer): boolean {
    this.#cork();
    return this.#write(frameOf(bytes));
  }

  /** Like `message`, but the bytes already are frames. */
  frames(bytes: Buffer): boolean {
    this.#cork();
    return this.#write(bytes);
  }

  /** Ends the response with a status. `http` is the HTTP status if no headers were sent yet. */
  end(status: StatusObject, http = 200): void {
    if (!this.#response.headersSent) {
      this.#response.writeHead(http, { ...this.#headers, ...statusHeaders(status) }).end();
      this.#wait();
      return;
    }
    const lines = Object.entries(statusHeaders(status)).map(([name, value]) => `${name}:${value}\r\n`);
    const frame = frameOf(Buffer.from(lines.join('')));
    frame.writeUInt8(trailersFlag, 0);
    this.#write(frame);
    this.#response.end();
    this.#wait();
  }

  get #headers(): Record<string, string> {
    return { 'content-type': contentTypes[this.#wire], 'cache-control': 'no-store' };
  }

  #write(frame: Buffer): boolean {
    const hasRoom =
      this.#wire === 'text' ? this.#response.write(frame.toString('base64'), 'latin1') : this.#response.write(frame);
    if (!hasRoom) this.#wait();
    return hasRoom;
  }

  #wait(): void {
    if (this.#response.closed) return;
    this.#unread.set(this.#response.writableLength);
    this.#timer ??= setTimeout(() => this.#response.destroy(), this.#takenWithinMs);
  }

  #taken(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unread.set(0);
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#response.cork();
    setImmediate(() => {
      this.#corked = false;
      this.#response.uncork();
    });
  }
}
