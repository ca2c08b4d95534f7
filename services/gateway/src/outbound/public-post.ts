import { request as requestHttps } from 'node:https';
import { fixedLookup, publicAddresses } from './public-hosts.js';

/** A POST request to a server that a user has named. */
export interface PublicPost {
  /** An https URL. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Buffer;
}

/** Response of a server, without its body, which is not read. */
export interface PublicAnswer {
  readonly status: number;
  /** Milliseconds that the server asks to wait, at most an hour; undefined if it does not say. */
  readonly retryAfterMs: number | undefined;
}

const timeoutMs = 10_000;
const longestWaitMs = 3_600_000;

function retryAfterMs(value: string | undefined): number | undefined {
  const seconds = Number(value);
  if (value === undefined || !Number.isFinite(seconds) || seconds < 0) return undefined;
  return Math.min(seconds * 1_000, longestWaitMs);
}

/**
 * Sends one POST request by https. Follows no redirect, and waits 10 s at most for the answer.
 * Connects only to public addresses, unless `allowsPrivate`.
 * @throws {PrivateAddress} if the server has an address that is not public.
 * @throws {Error} if the server could not be reached, or did not answer in time.
 */
export async function postPublic({ url, headers, body }: PublicPost, allowsPrivate: boolean): Promise<PublicAnswer> {
  const { hostname } = new URL(url);
  const lookup = allowsPrivate ? undefined : fixedLookup(await publicAddresses(hostname));
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { ...headers }, agent: false, ...(lookup && { lookup }) };
    const request = requestHttps(url, options, ({ statusCode: status = 0, headers: answered }) => {
      resolve({ status, retryAfterMs: retryAfterMs(answered['retry-after']) });
      request.destroy();
    });
    const timer = setTimeout(() => request.destroy(new Error('no response in time')), timeoutMs);
    request.on('error', reject).on('close', () => clearTimeout(timer));
    request.end(body);
  });
}
