import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { exitCodes, Failure } from './failure.js';
import type { CommandSession } from './session.js';

const documentPath = '/api/v1/openapi.json';
const withinMs = 10_000;

/**
 * Reads a URL. `ca` has the certificates of an authority to trust; undefined: the usual
 * authorities.
 */
function readUrl(url: URL, ca: Buffer | undefined): Promise<string> {
  const options = { timeout: withinMs, ...(ca !== undefined && { ca }) };
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? getSecure : getPlain;
    const request = get(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('error', reject).once('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`the response is HTTP ${response.statusCode}`));
      });
    });
    request.once('timeout', () => request.destroy(new Error('there was no response'))).once('error', reject);
  });
}

/** Prints the OpenAPI document of the REST API, as a gateway serves it. */
export async function printOpenApi(session: CommandSession, gateway: string): Promise<void> {
  const url = new URL(documentPath, gateway);
  const text = await readUrl(url, session.authorities).catch((cause: Error) => {
    const message = `Cannot read ${url}: ${cause.message}. Choose a running gateway with --gateway.`;
    throw new Failure('unreachable', exitCodes.unreachable, message);
  });
  session.print(text, JSON.parse(text));
}
