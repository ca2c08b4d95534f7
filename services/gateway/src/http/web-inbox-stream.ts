import type { ServerResponse } from 'node:http';
import { Metadata, status } from '@grpc/grpc-js';
import { grpcFraming, statusFromRefusal } from '@parley/rpc';
import type { Refusal } from '@parley/runtime';
import { Call, CallEnd } from '@parley/service-kit';
import type { InboxStream } from '../inbox/stream.js';
import type { WebAnswer } from './web-answer.js';

/** The stream of an inbox in a page: one gRPC-Web response, whose frames are those of gRPC. */
export class WebInboxStream implements InboxStream {
  readonly framing = grpcFraming;
  readonly #response: ServerResponse;
  readonly #answer: WebAnswer;
  readonly #over = new CallEnd();
  readonly #report: (reason: string) => void;
  #isEnding = false;

  /** Calls `report` once, with the reason of the end. */
  constructor(response: ServerResponse, answer: WebAnswer, report: (reason: string) => void) {
    this.#response = response;
    this.#answer = answer;
    this.#report = report;
    const close = () => {
      if (!this.#isEnding) this.#report('cancelled');
      this.#over.end();
    };
    if (response.closed) queueMicrotask(close);
    else response.once('close', close);
  }

  get ended(): boolean {
    return this.#isEnding || this.#response.closed || this.#response.destroyed;
  }

  /** Returns the call that this stream serves. */
  call(path: string, metadata: Metadata, address: string): Call {
    const transport = { getPeer: () => address, sendMetadata: () => {} };
    return new Call(path, metadata, transport, this.#over);
  }

  write(frames: Buffer): boolean {
    if (this.ended) return true;
    if (!this.#response.headersSent) this.#answer.begin(new Metadata());
    return this.#answer.frames(frames);
  }

  onDrain(listener: () => void): void {
    this.#response.once('drain', listener);
  }

  onClose(listener: () => void): void {
    this.#over.onOver(listener);
  }

  end(refusal?: Refusal): void {
    if (this.ended) return;
    this.#isEnding = true;
    this.#report(refusal?.reason ?? 'ok');
    this.#answer.end(
      refusal === undefined ? { code: status.OK, details: '', metadata: new Metadata() } : statusFromRefusal(refusal),
    );
  }

  reset(): void {
    this.#report('too-slow');
    this.#isEnding = true;
    this.#response.destroy();
  }
}
