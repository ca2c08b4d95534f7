import type { ServerResponse } from 'node:http';
import type { Metadata, StatusObject } from '@grpc/grpc-js';
import { frameOf } from '@parley/rpc';
import { limits } from '@parley/runtime';
import type { WebFraming } from './web-message.js';

const contentTypes: Readonly<Record<WebFraming, string>> = {
  binary: 'application/grpc-web+proto',
  text: 'application/grpc-web-text+proto',
};
const trailersFlag = 0x80;
/** Of what a service sends, all that a page may see. */
const passedOn = ['chat-token', 'chat-reason', 'chat-retry-after-ms'];

/** As gRPC writes it: what is not plain ASCII in percent. */
function escaped(text: string): string {
  return text.replace(/[^\x20-\x24\x26-\x7e]+/gu, encodeURIComponent);
}

function headersIn(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(passedOn.flatMap((key) => metadata.get(key).map((value) => [key, String(value)])));
}

function statusHeaders({ code, details, metadata }: StatusObject): Record<string, string> {
  return { 'grpc-status': String(code), 'grpc-message': escaped(details), ...headersIn(metadata) };
}

/** One answer in gRPC-Web: headers, frames, and the status as a last frame; or a status alone, in the headers. */
export class WebAnswer {
  readonly #response: ServerResponse;
  readonly #wire: WebFraming;
  readonly #takenWithinMs: number;
  #corked = false;
  #patience: NodeJS.Timeout | undefined;

  /** Cut off where its page takes nothing of it for so long: it would be held for ever. */
  constructor(response: ServerResponse, wire: WebFraming, takenWithinMs: number = limits.takenWithinMs) {
    this.#response = response;
    this.#wire = wire;
    this.#takenWithinMs = takenWithinMs;
    response.on('drain', () => response.writableEnded || this.#taken()).on('close', () => this.#taken());
  }

  /** Headers leave now, so that a page knows that it is inside before the first frame. */
  begin(metadata: Metadata): void {
    this.#response.writeHead(200, { ...this.#headers, ...headersIn(metadata) });
    this.#response.flushHeaders();
  }

  /** One message. False: wait for the response to drain. What comes in one turn leaves as one piece. */
  message(bytes: Buffer): boolean {
    this.#cork();
    return this.#write(frameOf(bytes));
  }

  /** The end; `http` is the HTTP status where nothing was begun. */
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
    const isRoom =
      this.#wire === 'text' ? this.#response.write(frame.toString('base64'), 'latin1') : this.#response.write(frame);
    if (!isRoom) this.#wait();
    return isRoom;
  }

  #wait(): void {
    if (this.#response.closed) return;
    this.#patience ??= setTimeout(() => this.#response.destroy(), this.#takenWithinMs);
  }

  #taken(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
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
