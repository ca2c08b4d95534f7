import { type IncomingMessage, request } from 'node:http';
import { ChannelService, OverviewResponse } from '@parley/contract';
import { prefixedBounds, prefixedFrame } from './prefixed.js';

const { path } = ChannelService.overview;
const body = prefixedFrame(Buffer.alloc(0));
/** Time after which a page no longer waits for its chats. */
const withinMs = 15_000;

/** Where a call goes, and where it comes from. */
export interface OverviewCall {
  readonly address: string;
  readonly localAddress: string;
  readonly token: string;
}

/** The answer to a call: the chats, or the time to wait after a refusal. */
export interface OverviewAnswer {
  readonly overview?: OverviewResponse;
  readonly reason: string;
  readonly retryAfterMs: number;
}

/** Reads the answer. A refusal is in the headers, or in a last frame of text. */
function answerOf({ headers }: IncomingMessage, bytes: Buffer): OverviewAnswer {
  const bounds = bytes[0] === 0 ? prefixedBounds(bytes, 0) : undefined;
  if (bounds !== undefined) {
    const overview = OverviewResponse.decode(bytes.subarray(bounds.start, bounds.end));
    return { overview, reason: '', retryAfterMs: 0 };
  }
  const text = bytes.toString('latin1');
  const field = (name: string) => String(headers[name] ?? new RegExp(`${name}:([^\r]*)`).exec(text)?.[1] ?? '').trim();
  return { reason: field('chat-reason') || 'unreachable', retryAfterMs: Number(field('chat-retry-after-ms')) };
}

/** Asks a gateway for the chats of a user as a page does. */
export function callOverview({ address, localAddress, token }: OverviewCall): Promise<OverviewAnswer> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/grpc-web+proto',
      'x-grpc-web': '1',
      authorization: `Bearer ${token}`,
      deadline: String(Date.now() + withinMs),
    };
    const call = request(`http://${address}${path}`, { method: 'POST', headers, localAddress, agent: false });
    call.on('error', reject);
    call.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => resolve(answerOf(response, Buffer.concat(parts))));
    });
    call.end(body);
  });
}
