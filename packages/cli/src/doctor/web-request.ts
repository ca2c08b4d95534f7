import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { inTime } from './step.js';
import type { Surroundings } from './surroundings.js';

/** Method, headers and body of a request to a gateway. */
export interface WebRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Token of a user. With one, the certificate of the server must be valid. */
  readonly token?: string | undefined;
}

/** A response of a gateway, or of the proxy in front of it. */
export interface WebResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Most bytes of a response that are read. */
const mostBytes = 4_194_304;

type Where = Pick<Surroundings, 'ca' | 'timeoutMs'>;

/** Starts a request on a connection of its own. A certificate that is not valid matters only if a token is sent. */
export function startRequest(
  url: URL,
  { ca }: Where,
  { method = 'GET', headers = {}, token }: WebRequest,
): ClientRequest {
  const options = {
    method,
    headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    agent: false,
    rejectUnauthorized: token !== undefined,
    ...(ca !== undefined && { ca }),
  };
  return (url.protocol === 'https:' ? secureRequest : plainRequest)(url, options);
}

/** Returns the headers of a response. Those with several values are joined. */
export function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value ?? '')]));
}

/**
 * Sends a request and reads the response.
 * @throws {Error} of the connection, or {StepTimeout}
 */
export function readWeb(url: URL, where: Where, sent: WebRequest = {}): Promise<WebResponse> {
  const request = startRequest(url, where, sent);
  const read = new Promise<WebResponse>((resolve, reject) => {
    request.on('error', reject);
    request.once('response', (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        parts.push(part);
        bytes += part.length;
        if (bytes > mostBytes) request.destroy(new Error('The response is too large.'));
      });
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: headersOf(response), body: Buffer.concat(parts) }),
      );
    });
  });
  request.end(sent.body);
  return inTime(read, where.timeoutMs, () => request.destroy());
}
