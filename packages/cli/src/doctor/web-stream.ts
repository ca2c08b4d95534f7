import type { IncomingMessage } from 'node:http';
import { inTime } from './step.js';
import type { Surroundings } from './surroundings.js';
import { headersOf, startRequest, type WebRequest, type WebResponse } from './web-request.js';

/** An open response whose body arrives in parts. */
export interface StreamedResponse {
  /** Status and headers, with an empty body. */
  readonly response: WebResponse;
  /** Resolves with the first bytes of the body; empty if the stream ends without any. */
  readonly first: Promise<Buffer>;
  /** Resolves when the stream is over. */
  readonly ended: Promise<void>;
  close(): void;
}

function streamOf(response: IncomingMessage): StreamedResponse {
  const ended = new Promise<void>((resolve) => response.once('close', resolve));
  const first = new Promise<Buffer>((resolve) => response.once('data', resolve));
  response.on('error', () => {}); // `ended` says it.
  return {
    response: { status: response.statusCode ?? 0, headers: headersOf(response), body: Buffer.alloc(0) },
    first: Promise.race([first, ended.then(() => Buffer.alloc(0))]),
    ended,
    close: () => response.destroy(),
  };
}

/**
 * Opens a stream.
 * @throws {Error} of the connection, or {StepTimeout} if no headers arrive
 */
export async function openWebStream(url: URL, where: Surroundings, sent: WebRequest): Promise<StreamedResponse> {
  const request = startRequest(url, where, sent);
  const opened = new Promise<StreamedResponse>((resolve, reject) => {
    request.on('error', reject);
    request.once('response', (response) => resolve(streamOf(response)));
  });
  request.end(sent.body);
  return inTime(opened, where.timeoutMs, () => request.destroy());
}
