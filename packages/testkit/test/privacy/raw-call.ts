import { setTimeout as pause } from 'node:timers/promises';
import { Client, credentials, type Metadata, type StatusObject } from '@grpc/grpc-js';
import { bearerMetadata, clientOptions } from '@parley/rpc';
import { overload } from '../../src/index.js';

/** Everything that a call returned. */
export interface Answer {
  readonly code: number;
  readonly message: string;
  /** Reason of the refusal, from the trailer `chat-reason`, or `ok`. */
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
  readonly bodies: readonly Buffer[];
}

/** Matches headers whose values differ with each call. */
const ofOneCall = /^(date|content-length|x-request-id)$/;

function textOf(metadata: Metadata): Record<string, string> {
  const pairs = Object.entries(metadata.toHttp2Headers()).filter(([key]) => !ofOneCall.test(key));
  return Object.fromEntries(pairs.map(([key, value]) => [key, String(value)]));
}

/** Reasons of a busy machine. They say nothing about what was asked, so a call with one of them is repeated. */
const repeated: ReadonlySet<string> = new Set([...overload, 'status 4']);
const tries = 20;

const asIs = (bytes: Buffer) => bytes;
const withinMs = 60_000;

/** A connection of its own to one service, for calls of any method as raw bytes. */
export class RawClient {
  readonly #client: Client;

  constructor(address: string) {
    const options = { ...clientOptions, 'grpc.use_local_subchannel_pool': 1 };
    this.#client = new Client(address, credentials.createInsecure(), options);
  }

  /**
   * Makes a call with one message, whether or not the method takes a stream. With `isEndless`,
   * cancels the response stream after its first message. Repeats a call that meets an overloaded service.
   */
  async call(path: string, request: Uint8Array, token?: string, isEndless = false): Promise<Answer> {
    for (let left = tries; ; left--) {
      const answer = await this.#once(path, request, token, isEndless);
      if (!repeated.has(answer.reason) || left === 0) return answer;
      await pause(500);
    }
  }

  #once(path: string, request: Uint8Array, token: string | undefined, isEndless: boolean): Promise<Answer> {
    const deadline = Date.now() + withinMs;
    const call = this.#client.makeBidiStreamRequest(path, asIs, asIs, bearerMetadata(token), { deadline });
    let headers: Record<string, string> = {};
    const bodies: Buffer[] = [];
    call.on('metadata', (metadata: Metadata) => {
      headers = textOf(metadata);
    });
    call.on('data', (bytes: Buffer) => {
      bodies.push(bytes);
      if (isEndless) call.cancel();
    });
    call.on('error', () => {});
    call.end(Buffer.from(request));
    return new Promise((resolve) => {
      call.on('status', ({ code, details, metadata }: StatusObject) => {
        const trailers = textOf(metadata);
        const isOk = code === 0 || (isEndless && bodies.length > 0);
        const reason = isOk ? 'ok' : (trailers['chat-reason'] ?? `status ${code}`);
        resolve({ code: isOk ? 0 : code, message: isOk ? '' : details, reason, headers, trailers, bodies });
      });
    });
  }

  close(): void {
    this.#client.close();
  }
}

/** Returns all parts of an answer as one text. */
export function bytesOf({ message, headers, trailers, bodies }: Answer): string {
  const words = JSON.stringify([message, headers, trailers]);
  return words + Buffer.concat(bodies).toString('latin1');
}
