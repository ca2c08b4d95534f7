/** A crowd: a separate process whose callers post to chats, each on a connection of its own. */
import { Agent, request as requestHttp } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { Ack, Message } from '@parley/contract';
import { networkAddress } from './inbox-lines.js';
import { prefixedBounds, prefixedFrame } from './prefixed.js';

/** The call with which the crowd posts: REST, or InboxService.Post over gRPC. */
export type PostDoor = 'rest' | 'grpc';

/** Posts to make. */
export interface PostOrder {
  readonly door: PostDoor;
  readonly address: string;
  /** Tokens of the callers. */
  readonly tokens: readonly string[];
  /** The chats to which the callers post, one for each. If there are fewer, callers share them. */
  readonly channelIds: readonly number[];
  /** Posts of each caller per second. */
  readonly perSecond: number;
  readonly seconds: number;
}

/** The result of an order. */
export interface PostTally {
  readonly posts: number;
  /** Reasons why the result is not valid; empty if it is. */
  readonly faults: readonly string[];
}

/** Makes one post, and waits for its ack. @throws {Error} if it is refused. */
type Post = (text: string) => Promise<void>;

function chatOf({ channelIds }: PostOrder, at: number): number {
  return channelIds[at % channelIds.length] ?? 0;
}

function overRest(order: PostOrder, token: string, at: number): Post {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress: networkAddress(at) });
  const { hostname, port } = new URL(`http://${order.address}`);
  const path = `/api/v1/channels/${chatOf(order, at)}/messages`;
  return async (text) => {
    const body = JSON.stringify({ text });
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': body.length,
    };
    const answer = await new Promise<string>((resolve, reject) => {
      const request = requestHttp({ hostname, port, path, method: 'POST', agent, headers });
      request.on('response', (response) => textOf(response).then(resolve, reject));
      request.on('error', reject).end(body);
    });
    if (!((JSON.parse(answer) as { readonly seq?: number }).seq ?? 0)) throw new Error(answer);
  };
}

function overGrpc(order: PostOrder, token: string, at: number): Post {
  const { address } = order;
  const channelId = chatOf(order, at);
  const { hostname, port } = new URL(`http://${address}`);
  const localAddress = networkAddress(at);
  const session = connectHttp2(`http://${address}`, {
    createConnection: () => connect({ host: hostname, port: Number(port), localAddress, noDelay: true }),
  });
  session.on('error', () => {});
  const headers = {
    ':method': 'POST',
    ':path': '/chat.v1.InboxService/Post',
    'content-type': 'application/grpc+proto',
    te: 'trailers',
    authorization: `Bearer ${token}`,
  };
  return async (text) => {
    const message = Message.fromPartial({ channelId, data: Buffer.from(text), contentType: 'text/plain' });
    const stream = session.request(headers);
    const bytes = await new Promise<Buffer>((resolve, reject) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => resolve(Buffer.concat(chunks))).on('error', reject);
      stream.end(prefixedFrame(Buffer.from(Message.encode(message).finish())));
    });
    const bounds = prefixedBounds(bytes, 0);
    if (bounds === undefined) throw new Error('There is no ack.');
    const { seq, refusal } = Ack.decode(bytes.subarray(bounds.start, bounds.end));
    if (seq === 0) throw new Error(refusal?.reason);
  };
}

const text = 'x'.repeat(64);
let posts: Post[] | undefined;

/** Opens the connections with the first order. All orders are for the same address. */
async function obey(order: PostOrder): Promise<PostTally> {
  const { door, tokens, perSecond, seconds } = order;
  posts ??= tokens.map((token, at) => (door === 'rest' ? overRest : overGrpc)(order, token, at));
  const began = performance.now();
  let made = 0;
  const faults = new Set<string>();
  const work = async (post: Post, at: number) => {
    for (let turn = at / tokens.length; turn < seconds * perSecond; turn++) {
      await pause(began + (turn / perSecond) * 1_000 - performance.now());
      await post(text).catch((error: unknown) => faults.add(String(error)));
      made += 1;
    }
  };
  await Promise.all(posts.map(work));
  return { posts: made, faults: [...faults] };
}

process.on('disconnect', () => process.exit());
process.on('message', (order: PostOrder) => {
  obey(order).then(
    (tally) => process.send?.({ tally }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
